"""Keys for programs."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models, router
from django.utils.translation import gettext_lazy as _


def delete_with_user(collector: Any, field: Any, tokens: Any, using: str) -> None:
    """Delete the tokens of a deleted user, as CASCADE does, if they are in the user's database.

    In an OpenMoxie they are not: Django would look for their table in OpenMoxie's database, and
    no user could be deleted.
    """
    if router.db_for_write(field.model) == using:
        models.CASCADE(collector, field, tokens, using)


delete_with_user.lazy_sub_objs = True  # type: ignore[attr-defined]  # no query before it is called


class ApiToken(models.Model):
    """A key for programs (`Authorization: Bearer …`). Only its hash is kept."""

    name = models.CharField(_("name"), max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=delete_with_user)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(cls, user: Any, name: str) -> str:
        """Make a token and return it; it cannot be shown again."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(name=name, user=user, digest=cls.digest_of(token))
        return token

    @staticmethod
    def digest_of(token: str) -> str:
        """What is stored of a token: it is random, so a plain hash is enough."""
        return hashlib.sha256(token.encode()).hexdigest()
