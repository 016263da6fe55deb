"""Create a token for a program that uses the API."""

from __future__ import annotations

import argparse
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ttsmonitor.models import ApiToken, Scope
from ttsmonitor.models.tokens import DEFAULT_SCOPES
from ttsmonitor.system.arguments import age, utf8


def token_name(value: str) -> str:
    """Check that a name is neither empty nor longer than its column."""
    name = value.strip()
    if not 1 <= len(name) <= 100:
        raise argparse.ArgumentTypeError("give a name of 1 to 100 characters")
    return utf8(name)


class Command(BaseCommand):
    """Create a token and show it once."""

    help = "Make a token for a program: it is sent as 'Authorization: Bearer TOKEN'."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("name", type=token_name, help="what the token is for")
        parser.add_argument(
            "--user", type=utf8, default="moxie", help="whose rights it has (default: moxie)"
        )
        parser.add_argument(
            "--scope",
            action="append",
            choices=[scope.value for scope in Scope],
            help="what it may do; give it several times for several"
            f" (default: {', '.join(DEFAULT_SCOPES)})",
        )
        parser.add_argument(
            "--expires", type=age, metavar="TIME", help="as in 90d, 12h or 2w (default: never)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the token."""
        users = get_user_model()
        try:
            user = users.objects.get_by_natural_key(options["user"])
        except users.DoesNotExist as exc:
            raise CommandError(
                f"There is no user {options['user']!r}. Make one with createsuperuser,"
                " or name another with --user."
            ) from exc
        if not user.is_active:
            raise CommandError(f"The user {options['user']!r} is not active.")
        scopes = [scope for scope in Scope if scope in (options["scope"] or DEFAULT_SCOPES)]
        expires_at = timezone.now() + options["expires"] if options["expires"] else None
        token = ApiToken.issue(user, options["name"], scopes, expires_at)
        self.stderr.write("This token is shown once and cannot be shown again:")
        self.stdout.write(token)
