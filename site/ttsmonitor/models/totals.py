"""Running totals of what is finished, which the database itself keeps up to date (see upkeep).

What is not finished yet is little, and is counted when it is asked for.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sums(models.Model):
    """What is summed, by whom it was said, from where it came and how it ended."""

    KEYS: ClassVar = ("device_id", "source", "status")

    device_id = models.CharField(_("robot"), max_length=128, blank=True)
    source = models.CharField(_("source"), max_length=64)
    status = models.CharField(_("status"), max_length=16)
    count = models.BigIntegerField(_("utterances"))
    characters = models.BigIntegerField(_("characters"))
    audio_seconds = models.FloatField(_("length (s)"))

    class Meta:
        abstract = True


class Total(Sums):
    """Of all times."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=Sums.KEYS, name="total_once"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} {self.source} {self.status}: {self.count}"


class HourTotal(Sums):
    """Of an hour of UTC: hours can be put together to the days of any time zone."""

    hour = models.DateTimeField(_("hour"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("hour", *Sums.KEYS), name="hour_total_once"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.device_id} {self.source} {self.status}: {self.count}"


class Keeping(models.Model):
    """For how long the history is kept, where a person has said so: one row, or none."""

    days = models.PositiveIntegerField(_("days"), help_text=_("0 keeps everything."))

    class Meta:
        verbose_name = _("keeping of the history")
        verbose_name_plural = _("keeping of the history")

    def __str__(self) -> str:
        return f"{self.days} d"
