"""The account by which run_wyoming asks the speech service for sound."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from ttsmonitor.groups import SPEAK
from ttsmonitor.models import ApiToken, Scope

USERNAME = "wyoming"
TOKEN_NAME = "run_wyoming"  # noqa: S105  a name


def make_token() -> str:
    """Return a new token that replaces the one of an earlier start; nobody can log in by it."""
    with transaction.atomic():
        user, is_new = get_user_model().objects.get_or_create(username=USERNAME)
        if is_new:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            user.groups.add(Group.objects.get(name=SPEAK))
        ApiToken.objects.filter(user=user, name=TOKEN_NAME).delete()
        return ApiToken.issue(user, TOKEN_NAME, [Scope.READ, Scope.SPEAK])
