"""Serve our voices by the Wyoming protocol."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ttsmonitor.conf import conf
from ttsmonitor.system.ports import LOCALHOST
from ttsmonitor.system.terminal_command import TerminalCommand


class Command(TerminalCommand):
    """The command run_wyoming."""

    help = (
        "Serve the voices of the speech service to Home Assistant's Assist and other Wyoming"
        " clients. The sound comes from the speech service, which has to run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--host", default=conf.WYOMING_HOST, help="address to listen on (default: %(default)s)"
        )
        parser.add_argument(
            "--port", type=int, default=conf.WYOMING_PORT, help="port (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until a stop signal."""
        from ttsmonitor.integrations.wyoming.account import make_token
        from ttsmonitor.integrations.wyoming.server import serve
        from ttsmonitor.integrations.wyoming.speech_client import SpeechClient

        url = conf.WYOMING_SERVICE_URL or service_url()
        client = SpeechClient(url, conf.WYOMING_TOKEN or make_token())
        serve(options["host"], options["port"], client)


def service_url() -> str:
    """Return the address of the speech service on this computer."""
    host = conf.HTTP_HOST if conf.HTTP_HOST not in LOCALHOST else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{conf.HTTP_PORT}"
