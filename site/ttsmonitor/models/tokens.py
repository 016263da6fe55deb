"""API tokens, and the scopes that limit tokens and accounts."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

TOUCH_SECONDS = 60
"""The last use of a token is written at most this often."""


class Scope(models.TextChoices):
    """A kind of access. An account has it by the permission `ttsmonitor.<scope>`."""

    READ = "read", _("Can read and hear what is said")
    SPEAK = "speak", _("Can have something said")
    CONTROL = "control", _("Can control the speech and the robots")
    ADMIN = "admin", _("Can open the administration")

    @property
    def permission(self) -> str:
        """The permission of an account, as has_perm() takes it."""
        return f"ttsmonitor.{self.value}"


DEFAULT_SCOPES = (Scope.READ, Scope.SPEAK, Scope.CONTROL)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens, with their users."""

    def usable(self) -> Self:
        """Return the tokens that have not expired and whose user is active."""
        has_time = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.select_related("user").filter(has_time, user__is_active=True)

    def find(self, token: str) -> ApiToken | None:
        """Return the usable token with this text, or None."""
        return self.usable().filter(digest=ApiToken.digest_of(token)).first()


class ApiToken(models.Model):
    """A token for programs (`Authorization: Bearer …`), of which only the hash is stored."""

    name = models.CharField(_("name"), max_length=100)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.CharField(_("scopes"), max_length=100, default=" ".join(DEFAULT_SCOPES))
    """Scopes with spaces between them."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        """Names for people, and the permissions of accounts."""

        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        permissions = tuple(Scope.choices)

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @classmethod
    def issue(
        cls,
        user: Any,
        name: str,
        scopes: Iterable[str] = DEFAULT_SCOPES,
        expires_at: datetime | None = None,
    ) -> str:
        """Create a token and return it; it cannot be shown again."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(
            name=name,
            user=user,
            digest=cls.digest_of(token),
            scopes=" ".join(scopes),
            expires_at=expires_at,
        )
        return token

    @staticmethod
    def digest_of(token: str) -> str:
        """Return the stored hash of a token. A plain one is enough because a token is random."""
        return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()

    def allows(self, scope: Scope) -> bool:
        """Return True if the token has this scope."""
        return scope in self.scopes.split()

    def touch(self) -> None:
        """Note that the token is used now."""
        now = timezone.now()
        if self.last_used_at and now - self.last_used_at < timedelta(seconds=TOUCH_SECONDS):
            return
        self.last_used_at = now
        type(self).objects.filter(pk=self.pk).update(last_used_at=now)
