"""Create the account of the first run."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from hive.conf import conf as hive_conf
from hive.process.account import USERNAME, account_text, make_account
from ttsmonitor.conf import conf
from ttsmonitor.system.commands import manage_command


class Command(BaseCommand):
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
            raise CommandError(
                f"The database is not ready ({exc}). Run: {manage_command('prepare')}"
            ) from exc
        if password is None:
            if options["verbosity"] > 0:
                self.stdout.write(
                    "There is an account already. Password lost? "
                    + manage_command("reset_password USER")
                )
            return
        self.stdout.write(account_text(password, port))
