"""The topic that an utterance is published on."""

from __future__ import annotations

from ttsmonitor.conf import conf
from ttsmonitor.messages import Chunk


def text_topic(utterance: Chunk, base: str) -> str:
    """Return `base`, or the robot's own topic below it where MQTT_TOPIC_PER_DEVICE says so.

    The payload names the robot in either case, and subscribers listen to both.
    """
    if conf.MQTT_TOPIC_PER_DEVICE and utterance.device_id:
        return f"{base}/{utterance.device_id}"
    return base
