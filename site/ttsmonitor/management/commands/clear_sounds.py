"""Delete the cached sound."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ttsmonitor.conf import conf
from ttsmonitor.synthesis.cache import SoundCache


class Command(BaseCommand):
    """Delete the cached sound."""

    help = "Forget the finished sound that is kept on disk; what is said is synthesized anew."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete the files and report their number."""
        directory = conf.path("TTS_CACHE_DIR")
        cleared = SoundCache(directory, 0).clear()
        self.stdout.write(f"{cleared} sounds forgotten, from {directory}")
