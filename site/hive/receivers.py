"""Signal receivers: the robots' server learns at once what was saved."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from hive.models import ChatModule, Configuration, GlobalCommand, Robot
from hive.mqtt.moxie_server import get_moxie_server
from ttsmonitor.history.robot_names import set_name
from ttsmonitor.models import RobotName


@receiver(post_save, sender=Robot)
def robot_saved(instance: Robot, **kwargs: Any) -> None:
    """Make the name of a saved robot known, and publish its configuration."""
    set_name(instance.device_id, instance.name)
    transaction.on_commit(lambda: get_moxie_server().config_changed(instance.device_id))


@receiver(post_save, sender=RobotName)
def robot_named(instance: RobotName, **kwargs: Any) -> None:
    """Take over a name that was given on the monitor's page."""
    Robot.objects.filter(device_id=instance.device_id).exclude(name=instance.name).update(
        name=instance.name
    )


@receiver(post_delete, sender=Robot)
def robot_deleted(instance: Robot, **kwargs: Any) -> None:
    """Forget a robot that nobody has named; the history keeps the names of others."""
    RobotName.objects.filter(device_id=instance.device_id, name="").delete()


@receiver(post_delete, sender=Robot)
@receiver(post_save, sender=Configuration)
@receiver([post_save, post_delete], sender=ChatModule)
@receiver([post_save, post_delete], sender=GlobalCommand)
def setup_saved(**kwargs: Any) -> None:
    """Read everything again, and publish changed configurations."""
    transaction.on_commit(lambda: get_moxie_server().config_changed())
