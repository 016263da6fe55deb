"""Robots and their configuration."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hive import robot_config
from ttsmirror.wire.fields import format_maybe

DEVICE_ID = r"d_[A-Za-z0-9][A-Za-z0-9_-]{0,125}"
"""A robot's MQTT client id. It identifies the robot everywhere."""


def validate_schedule(value: Any) -> None:
    """Raise ValidationError for a schedule that is no JSON object."""
    if not isinstance(value, dict):
        raise ValidationError(_("Give a JSON object, such as {}."))


class Configuration(models.Model):
    """The settings of all robots, in one row."""

    config = models.JSONField(
        _("configuration"),
        default=dict,
        blank=True,
        validators=[robot_config.validate_config],
        help_text=_("Differences from the built-in defaults; each robot may have its own."),
    )
    schedule = models.JSONField(
        _("schedule"),
        default=dict,
        blank=True,
        validators=[validate_schedule],
        help_text=_("The answer to a robot that asks for its schedule."),
    )
    chat_fallback = models.TextField(
        _("fallback"),
        default="Perdona, de eso todavía no sé hablar.",
        help_text=_("What Moxie may say in content that this server does not host."),
    )

    class Meta:
        verbose_name = _("configuration")
        verbose_name_plural = _("configuration")

    def __str__(self) -> str:
        return str(_("Configuration of all robots"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save as the one row."""
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def load(cls) -> Configuration:
        """Return the one row; create it if it does not exist."""
        return cls.objects.get_or_create(pk=1)[0]


class RobotQuerySet(models.QuerySet["Robot"]):
    """Queries for robots. The methods that write send no signals."""

    def online(self) -> Self:
        """Return the connected robots."""
        return self.filter(online=True)

    def write(self, device_id: str, fields: dict[str, Any]) -> Robot | None:
        """Write `fields` of a robot and return it, or None if it does not exist.

        A robot that connects is created.
        """
        if "connected_at" in fields:
            self.get_or_create(device_id=device_id)
        here = self.filter(device_id=device_id)
        if fields:
            here.update(**fields)
        return here.first()

    def mark_all_offline(self) -> int:
        """Mark all robots as not connected."""
        return self.online().update(online=False, puppet_state="", awake=None)


def arrival() -> dict[str, Any]:
    """Return the fields of a robot that has just connected."""
    now = timezone.now()
    return {"online": True, "connected_at": now, "last_seen": now}


def departure() -> dict[str, Any]:
    """Return the fields of a robot that has just left; its reported state is cleared."""
    return {"online": False, "puppet_state": "", "awake": None, "last_seen": timezone.now()}


class Robot(models.Model):
    """A Moxie: its name and configuration, set by people, and its reported state."""

    device_id = models.CharField(
        _("device id"),
        max_length=128,
        unique=True,
        validators=[RegexValidator(rf"\A{DEVICE_ID}\Z", _("Give an id such as d_<uuid>."))],
    )
    name = models.CharField(_("name"), max_length=100, blank=True)
    nickname = models.CharField(
        _("child's nickname"),
        max_length=100,
        blank=True,
        help_text=_("How the robot calls the child."),
    )
    config = models.JSONField(
        _("configuration"),
        default=dict,
        blank=True,
        validators=[robot_config.validate_config],
        help_text=_("Differences from the configuration of all robots."),
    )
    puppet_mode = models.BooleanField(_("Puppet Mode"), default=False)
    puppet_state = models.CharField(_("reported state"), max_length=64, blank=True, editable=False)
    battery = models.FloatField(_("battery"), null=True, blank=True, editable=False)
    awake = models.BooleanField(_("awake"), null=True, editable=False)
    online = models.BooleanField(_("online"), default=False, editable=False)
    connected_at = models.DateTimeField(_("connected"), null=True, blank=True, editable=False)
    last_seen = models.DateTimeField(_("last seen"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    objects = RobotQuerySet.as_manager()

    class Meta:
        verbose_name = _("robot")
        verbose_name_plural = _("robots")
        ordering: ClassVar = ["-online", "name", "device_id"]

    def __str__(self) -> str:
        return self.name or f"Moxie {self.device_id[2:10]}"

    def effective_config(self, common: dict[str, Any]) -> dict[str, Any]:
        """Return the configuration that goes to this robot; `common` is that of all robots."""
        merged: dict[str, Any] = robot_config.for_robot(
            common, self.config, nickname=self.nickname, puppet_mode=self.puppet_mode
        )
        return merged

    def describe(self) -> dict[str, Any]:
        """Return it as pages, API and events show it."""
        return {
            "device_id": self.device_id,
            "name": str(self),
            "nickname": self.nickname,
            "online": self.online,
            "last_seen": format_maybe(self.last_seen),
            "puppet_mode": self.puppet_mode,
            "puppet_state": self.puppet_state,
            "battery": self.battery,
            "awake": self.awake,
            "connected_at": format_maybe(self.connected_at),
        }
