"""Robots and their configuration."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hive import robot_config
from ttsmirror.wire.fields import format_maybe
from ttsmonitor.history.robot_names import robot_names

DEVICE_ID = r"d_[A-Za-z0-9][A-Za-z0-9_-]{0,125}"
"""A robot's MQTT client id. It identifies the robot everywhere."""


def validate_schedule(value: Any) -> None:
    """Raise ValidationError for a schedule that is no JSON object."""
    if not isinstance(value, dict):
        raise ValidationError(_("Enter a JSON object, such as {}."))


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
    new_robots_until = models.DateTimeField(
        _("new robots are let in until"), null=True, blank=True, editable=False
    )
    endpoint_host = models.CharField(
        _("address in the newest QR code"), max_length=253, blank=True, editable=False
    )
    endpoint_port = models.PositiveIntegerField(
        _("port in the newest QR code"), null=True, blank=True, editable=False
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
        return str(_("Settings of all robots"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save as the one row."""
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def load(cls) -> Configuration:
        """Return the one row; create it if it does not exist."""
        return cls.objects.get_or_create(pk=1)[0]

    @classmethod
    def open_to_new_robots(cls, seconds: float) -> None:
        """Let new robots in for so long, without asking; 0 ends that."""
        configuration = cls.load()
        until = timezone.now() + timedelta(seconds=seconds) if seconds else None
        configuration.new_robots_until = until
        configuration.save(update_fields=["new_robots_until"])

    @classmethod
    def note_endpoint(cls, host: str, port: int) -> None:
        """Store the address of a QR code that a robot is shown."""
        configuration = cls.load()
        configuration.endpoint_host, configuration.endpoint_port = host, port
        configuration.save(update_fields=["endpoint_host", "endpoint_port"])


class Approval(models.TextChoices):
    """A person's decision about a robot."""

    WAITING = "waiting", _("waiting for approval")
    APPROVED = "approved", _("let in")
    REFUSED = "refused", _("no access")


class RobotQuerySet(models.QuerySet["Robot"]):
    """Queries for robots. Of the methods that write, only let_in() sends signals."""

    def approved(self) -> Self:
        """Return the robots that were let in."""
        return self.filter(approval=Approval.APPROVED)

    def online(self) -> Self:
        """Return the connected robots."""
        return self.filter(online=True)

    def write(self, device_id: str, fields: dict[str, Any]) -> Robot | None:
        """Write `fields` of a robot and return it, or None if it does not exist.

        A robot that connects is created; it waits for approval. An `approval` among the fields
        changes only a robot that waits, so that it never overrides what a person decided.
        """
        if "connected_at" in fields:
            self.get_or_create(device_id=device_id)
        here = self.filter(device_id=device_id)
        reported = {name: value for name, value in fields.items() if name != "approval"}
        if reported:
            here.update(**reported)
        if "approval" in fields:
            here.filter(approval=Approval.WAITING).update(approval=fields["approval"])
        return here.first()

    def let_in(self, device_id: str) -> None:
        """Let a robot in, even before it connects for the first time."""
        self.update_or_create(device_id=device_id, defaults={"approval": Approval.APPROVED})

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
        validators=[RegexValidator(rf"\A{DEVICE_ID}\Z", _("Enter an id such as d_<uuid>."))],
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
    approval = models.CharField(
        _("approval"),
        max_length=16,
        choices=Approval.choices,
        default=Approval.WAITING,
        help_text=_("A robot that was not let in gets nothing, and nothing of it is heard."),
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
        return robot_names.known_label(self.device_id, self.name)

    @property
    def is_approved(self) -> bool:
        """True if a person has let it in."""
        return self.approval == Approval.APPROVED

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
            "approval": self.approval,
            "online": self.online,
            "last_seen": format_maybe(self.last_seen),
            "puppet_mode": self.puppet_mode,
            "puppet_state": self.puppet_state,
            "battery": self.battery,
            "awake": self.awake,
            "connected_at": format_maybe(self.connected_at),
        }
