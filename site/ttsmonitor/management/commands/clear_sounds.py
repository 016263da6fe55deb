"""Delete the cached sound."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ttsmonitor.conf import conf
from ttsmonitor.synthesis.cache import SoundCache


class Command(BaseCommand):
    """Delete the cached sound."""

    help = "Delete the cached sound on disk. Sentences are synthesized again."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete the files and report their number."""
        directory = conf.path("TTS_CACHE_DIR")
        cleared = SoundCache(directory, 0).clear()
        self.stdout.write(f"{cleared} sounds deleted from {directory}")
