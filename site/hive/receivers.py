"""A saved configuration goes to the robots that are online, at once."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from hive.models import Configuration, Robot
from hive.mqtt.moxie_server import get_moxie_server


@receiver(post_save, sender=Robot)
def robot_saved(instance: Robot, **kwargs: Any) -> None:
    transaction.on_commit(lambda: get_moxie_server().config_changed(instance.device_id))


@receiver(post_save, sender=Configuration)
def configuration_saved(**kwargs: Any) -> None:
    transaction.on_commit(lambda: get_moxie_server().config_changed())
