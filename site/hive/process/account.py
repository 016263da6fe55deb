"""The account of the first run, whose password is shown once."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.db import transaction

from ttsmonitor.system.commands import manage_command

USERNAME = "moxie"
# Without characters that look alike.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def make_account() -> str | None:
    """Create the first account and return its password; None if there is an account."""
    password = new_password()
    with transaction.atomic():
        users = get_user_model()._default_manager
        if users.filter(is_superuser=True).exists() or users.filter(username=USERNAME).exists():
            return None
        users.create_superuser(username=USERNAME, email="", password=password)
    return password


def new_password() -> str:
    """Return a random password that is easy to copy by hand, of about 79 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def account_text(password: str, port: int) -> str:
    """Return the terminal's text for a new account, with a link to `port`."""
    return (
        "\nYour account, shown this once:\n"
        f"  link      http://localhost:{port}/\n"
        f"  user      {USERNAME}\n"
        f"  password  {password}\n"
        f"Forgotten it? {manage_command(f'changepassword {USERNAME}')}\n"
    )
