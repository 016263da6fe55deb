"""API tokens."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ApiToken(models.Model):
    """A token for programs (`Authorization: Bearer …`), of which only the hash is stored."""

    name = models.CharField(_("name"), max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        """Names for people."""

        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @classmethod
    def issue(cls, user: Any, name: str) -> str:
        """Create a token and return it; it cannot be shown again."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(name=name, user=user, digest=cls.digest_of(token))
        return token

    @staticmethod
    def digest_of(token: str) -> str:
        """Return the stored hash of a token. A plain one is enough because a token is random."""
        return hashlib.sha256(token.encode()).hexdigest()
