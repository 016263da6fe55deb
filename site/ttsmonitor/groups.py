"""The groups of accounts: listen, speak, administer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import DEFAULT_DB_ALIAS, router
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from ttsmonitor.models import Scope

LISTEN = gettext_noop("listen")
SPEAK = gettext_noop("speak")
ADMINISTER = gettext_noop("administer")
SCOPES = {
    LISTEN: [Scope.READ],
    SPEAK: [Scope.READ, Scope.SPEAK, Scope.CONTROL],
    ADMINISTER: list(Scope),
}
APPS = ("hive", "ttsmirror", "ttsmonitor")
"""The group `administer` has all permissions for these apps, but none for accounts."""


def make_groups(using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Make the groups that are missing, and give each its permissions. Call it after `migrate`."""
    if not router.allow_migrate_model(using, Group):
        return
    permissions = Permission.objects.using(using)
    for name, scopes in SCOPES.items():
        wanted = Q(content_type__app_label="ttsmonitor", codename__in=scopes)
        if name == ADMINISTER:
            wanted |= Q(content_type__app_label__in=APPS)
        group, _made = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*permissions.filter(wanted))


def group_label(group: Group) -> str:
    """Return the name of a group in the active language; people's own groups have one name."""
    return gettext(group.name) if group.name in SCOPES else group.name
