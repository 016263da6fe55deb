"""One-time login links."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

MINUTES = 10
"""A link works for this long."""


class LoginLink(models.Model):
    """A link that logs a user in once, of whose secret only the hash is stored."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        """Return the user's name."""
        return str(self.user)

    @classmethod
    def issue(cls, user: Any) -> str:
        """Create a link and return its secret. Earlier links of the user stop working."""
        secret = secrets.token_urlsafe(32)
        cls.objects.filter(user=user).delete()
        cls.objects.create(
            user=user,
            digest=_digest_of(secret),
            expires_at=timezone.now() + timedelta(minutes=MINUTES),
        )
        return secret

    @classmethod
    def find(cls, secret: str) -> LoginLink | None:
        """Return the link with this secret, used or not."""
        return cls.objects.select_related("user").filter(digest=_digest_of(secret)).first()

    @property
    def has_expired(self) -> bool:
        """True if its time is over."""
        return self.expires_at <= timezone.now()

    def use(self) -> bool:
        """Mark it as used; return False if it was, or has expired, or its user is not active."""
        now = timezone.now()
        unused = type(self).objects.filter(pk=self.pk, used_at=None, expires_at__gt=now)
        return self.user.is_active and unused.update(used_at=now) == 1


def _digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
