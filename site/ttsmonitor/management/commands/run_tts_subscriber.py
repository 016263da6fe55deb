"""Run the speech service: subscriber, queue, voice, sound and the monitor."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ttsmirror.exceptions import MoxieTTSError
from ttsmonitor.system.terminal_command import command_error


class Command(BaseCommand):
    """Run the speech service in the foreground."""

    help = "Speak aloud what arrives on moxie/tts/text, and serve the monitor."
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until a stop signal."""
        from ttsmonitor.service.process import run

        try:
            run()
        except MoxieTTSError as exc:
            raise command_error(exc) from exc
