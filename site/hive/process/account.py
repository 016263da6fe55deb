"""Accounts from the command line: the first one, new passwords, one-time links."""

from __future__ import annotations

import secrets
import shlex

from axes.utils import reset as forget_wrong_passwords
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http.request import validate_host
from django.urls import reverse

from hive.exceptions import HiveError
from ttsmonitor.conf import conf
from ttsmonitor.models.login_links import MINUTES, LoginLink
from ttsmonitor.system.commands import manage_command
from ttsmonitor.system.ports import LOCALHOST

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


def reset_password(username: str) -> str:
    """Give an account a new password and return it. Raises HiveError for an unknown account.

    All of its sessions end, and passwords are looked at again if there were too many wrong ones.
    """
    users = get_user_model()
    try:
        user = users.objects.get_by_natural_key(username)
    except users.DoesNotExist as exc:
        raise HiveError(f"There is no account {username!r}. {_other_accounts()}") from exc
    if not user.is_active:
        raise HiveError(
            f"The account {username!r} is not active: an administrator can change that."
        )
    password = new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    forget_wrong_passwords(username=username)
    return password


def _other_accounts() -> str:
    names = get_user_model().objects.filter(is_superuser=True).values_list("username", flat=True)
    if not names:
        return f"Make the first one with: {manage_command('create_first_account')}"
    commands = (manage_command(f"reset_password {shlex.quote(name)}") for name in names)
    return f"There is: {', '.join(commands)}"


def one_time_link(port: int) -> str:
    """Return a link that logs the first account in, once; empty where loopback is not served."""
    if conf.HTTP_HOST not in LOCALHOST or not validate_host("localhost", settings.ALLOWED_HOSTS):
        return ""
    user = get_user_model().objects.get_by_natural_key(USERNAME)
    path = reverse("login-once", "openmoxie.urls", [LoginLink.issue(user)])
    return f"http://localhost:{port}{path}"


def new_password() -> str:
    """Return a random password that is easy to copy by hand, of about 79 bits."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def account_text(password: str, port: int, link: str = "") -> str:
    """Return the terminal's text for a new account, with a link to `port` or a one-time link."""
    once = f"  login     {link}\n            (on this computer, once, within {MINUTES} minutes)\n"
    return (
        "\nYour account, shown this once:\n"
        f"  link      http://localhost:{port}/\n"
        f"  user      {USERNAME}\n"
        f"  password  {password}\n"
        f"{once if link else ''}"
        f"Forgotten it? {manage_command('reset_password')}\n"
    )
