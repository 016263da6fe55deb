"""Accounts from the command line: the first one, new passwords, one-time links."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Mapping

from axes.utils import reset as forget_wrong_passwords
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http.request import validate_host
from django.urls import reverse
from django.utils.translation import gettext as _

from hive.exceptions import HiveError
from ttsmirror.reasons import Reason
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
        raise HiveError(
            Reason("There is no account {name}. {hint}", name=repr(username), hint=_hint())
        ) from exc
    if not user.is_active:
        raise HiveError(
            Reason(
                "The account {name} is not active: an administrator can change that.",
                name=repr(username),
            )
        )
    password = new_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    forget_wrong_passwords(username=username)
    return password


def _hint() -> Reason:
    names = get_user_model().objects.filter(is_superuser=True).values_list("username", flat=True)
    if not names:
        first = manage_command("create_first_account")
        return Reason("Make the first one with: {command}", command=first)
    commands = (manage_command(f"reset_password {shlex.quote(name)}") for name in names)
    return Reason("There is: {commands}", commands=", ".join(commands))


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
    rows = {
        _("link"): f"http://localhost:{port}/",
        _("user"): USERNAME,
        _("password"): password,
    }
    if link:
        rows[_("login")] = link
        once = _("(on this computer, once, within {minutes} minutes)")
        rows[""] = once.format(minutes=MINUTES)
    return "\n".join(
        (
            "",
            _("Your account, shown this once:"),
            in_columns(rows, indent="  "),
            _("Forgotten it? {command}").format(command=manage_command("reset_password")),
            "",
        )
    )


def in_columns(rows: Mapping[str, str], indent: str = "") -> str:
    """Return a line for each row, the values below each other."""
    width = max(map(len, rows)) + 2
    return "\n".join(f"{indent}{name:<{width}}{value}" for name, value in rows.items())
