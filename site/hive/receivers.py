"""Signal receivers: the robots' server learns at once what was saved."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from hive.models import ChatModule, Configuration, GlobalCommand, Robot
from hive.mqtt.moxie_server import get_moxie_server


@receiver(post_save, sender=Robot)
def robot_saved(instance: Robot, **kwargs: Any) -> None:
    """Publish the configuration of a saved robot."""
    transaction.on_commit(lambda: get_moxie_server().config_changed(instance.device_id))


@receiver(post_delete, sender=Robot)
@receiver(post_save, sender=Configuration)
@receiver([post_save, post_delete], sender=ChatModule)
@receiver([post_save, post_delete], sender=GlobalCommand)
def setup_saved(**kwargs: Any) -> None:
    """Read everything again, and publish changed configurations."""
    transaction.on_commit(lambda: get_moxie_server().config_changed())
