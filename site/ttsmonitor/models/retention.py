"""How long the history is kept."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class RetentionPolicy(models.Model):
    """The days after which an utterance is deleted: one row, or none before the first setting."""

    days = models.PositiveIntegerField(_("days"), help_text=_("0 keeps everything."))

    class Meta:
        """Names for people."""

        verbose_name = _("retention")
        verbose_name_plural = _("retention")

    def __str__(self) -> str:
        """Describe it for the log."""
        return f"{self.days} d"
