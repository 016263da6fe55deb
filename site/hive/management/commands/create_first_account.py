"""Make the account of the first run, once."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, transaction

from hive.conf import conf as hive_conf
from ttsmonitor.conf import conf

USERNAME = "moxie"
# Without the characters that people confuse.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Command(BaseCommand):
    help = f"Make the account '{USERNAME}' with a random password where there is no account yet."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--monitor",
            action="store_true",
            help="the link shown leads to the monitor: for a machine without the hive",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        port = conf.HTTP_PORT if options["monitor"] else hive_conf.HIVE_PORT
        try:
            password = make_account()
        except DatabaseError as exc:
            raise CommandError(
                f"The database is not ready ({exc}). Run: python manage.py prepare"
            ) from exc
        if password is None:
            if options["verbosity"] > 0:
                self.stdout.write(
                    "There is an account already. Password lost? manage.py changepassword <user>"
                )
            return
        self.stdout.write(
            "\nYour account, shown this once:\n"
            f"  link      http://localhost:{port}/\n"
            f"  user      {USERNAME}\n"
            f"  password  {password}\n"
            f"Forgotten it? manage.py changepassword {USERNAME}\n"
        )


def make_account() -> str | None:
    """Make the account and return its password; None where there is somebody already."""
    password = new_password()
    with transaction.atomic():
        users = get_user_model()._default_manager
        if users.filter(is_superuser=True).exists() or users.filter(username=USERNAME).exists():
            return None
        users.create_superuser(username=USERNAME, email="", password=password)
    return password


def new_password() -> str:
    """A random password that is easy to copy by hand: about 79 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)
