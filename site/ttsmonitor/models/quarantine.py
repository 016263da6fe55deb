"""Quarantine: messages that could not be read."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ttsmirror.reasons import Reason


class QuarantinedMessageQuerySet(models.QuerySet["QuarantinedMessage"]):
    """Queries of the quarantine."""

    def older_than(self, days: float) -> Self:
        """Return messages received more than `days` ago."""
        return self.filter(received_at__lt=timezone.now() - timedelta(days=days))


class QuarantinedMessage(models.Model):
    """A message that could not be read, with the reason and its bytes."""

    topic = models.CharField(_("topic"), max_length=1024)
    payload = models.BinaryField(_("payload"))
    reason = models.TextField(_("reason"))
    """In English; `failure` has it for pages."""
    cause = models.JSONField(null=True, editable=False)
    """The same as Reason.as_json(); None in rows of earlier versions."""
    received_at = models.DateTimeField(_("received"), default=timezone.now, db_index=True)

    objects = QuarantinedMessageQuerySet.as_manager()

    class Meta:
        """Newest first."""

        verbose_name = _("quarantined message")
        verbose_name_plural = _("quarantined messages")
        ordering: ClassVar = ["-received_at"]

    def __str__(self) -> str:
        """Return topic and reason."""
        return f"{self.topic}: {self.reason}"

    @property
    def failure(self) -> str:
        """Why it could not be read."""
        return Reason.from_json(self.cause) or self.reason
