"""The names of a family's robots, and its time zone."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class RobotName(models.Model):
    """A known robot and its name, whichever hive or OpenMoxie it belongs to."""

    device_id = models.CharField(_("device id"), max_length=128, unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)

    class Meta:
        """Names for people."""

        verbose_name = _("name of a robot")
        verbose_name_plural = _("names of robots")
        ordering: ClassVar = ["name", "device_id"]

    def __str__(self) -> str:
        """Return the name, or the id of a robot without one."""
        return self.name or self.device_id


class Household(models.Model):
    """The family's time zone: one row, or none before the first setting."""

    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)

    class Meta:
        """Names for people."""

        verbose_name = _("household")
        verbose_name_plural = _("household")

    def __str__(self) -> str:
        """Describe it for the log."""
        return self.time_zone

    @classmethod
    def zone(cls) -> str:
        """Return the name of the family's time zone: the chosen one, else this computer's."""
        chosen = cls.objects.values_list("time_zone", flat=True).first()
        return chosen or str(settings.TIME_ZONE)

    @classmethod
    def choose_zone(cls, name: str) -> None:
        """Store the name of the family's time zone; an empty one means this computer's."""
        cls.objects.update_or_create(pk=1, defaults={"time_zone": name})
