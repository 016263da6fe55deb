"""Create the account of the first run."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from hive.conf import conf as hive_conf
from hive.process.account import USERNAME, account_text, make_account
from ttsmonitor.conf import conf
from ttsmonitor.system.commands import manage_command
from ttsmonitor.system.terminal_command import TerminalCommand


class Command(TerminalCommand):
    """The command create_first_account."""

    help = f"Make the account '{USERNAME}' with a random password where there is no account yet."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --monitor."""
        parser.add_argument(
            "--monitor",
            action="store_true",
            help="the link shown leads to the monitor: for a machine without the hive",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account and print its password."""
        port = conf.HTTP_PORT if options["monitor"] else hive_conf.HIVE_PORT
        try:
            password = make_account()
        except DatabaseError as exc:
            words = _("The database is not ready ({error}). Run: {command}")
            command = manage_command("prepare")
            raise CommandError(words.format(error=exc, command=command)) from exc
        if password is None:
            if options["verbosity"] > 0:
                words = _("There is an account already. Password lost? {command}")
                self.stdout.write(words.format(command=manage_command("reset_password USER")))
            return
        self.stdout.write(account_text(password, port))
