"""Give an account a new password."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from hive.process.account import USERNAME, in_columns, reset_password
from ttsmonitor.system.arguments import utf8
from ttsmonitor.system.terminal_command import TerminalCommand


class Command(TerminalCommand):
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
        password = reset_password(options["user"])
        self.stdout.write(in_columns({_("user"): options["user"], _("password"): password}))
