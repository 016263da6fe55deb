"""Accounts for tests."""

from __future__ import annotations

from django.contrib.auth.models import Group, User


def make_user(name: str = "parent", *groups: str, password: str = "a-long-password") -> User:
    """Create an account in these groups."""
    user = User.objects.create_user(name, password=password)
    user.groups.set(Group.objects.filter(name__in=groups))
    assert user.groups.count() == len(groups)
    return user
