"""Give an account a new password."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from hive.process.account import USERNAME, reset_password
from ttsmirror.exceptions import MoxieTTSError
from ttsmonitor.system.arguments import utf8


class Command(BaseCommand):
    """The command reset_password."""

    help = "Give an account a new random password and show it once. Its sessions end."
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the account's name."""
        parser.add_argument(
            "user", type=utf8, nargs="?", default=USERNAME, help=f"its name (default: {USERNAME})"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Change the password and print it."""
        try:
            password = reset_password(options["user"])
        except MoxieTTSError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(f"user      {options['user']}\npassword  {password}")
