"""Handle the messages that robots publish below /devices/<id>/."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from hive.events import push_line
from hive.models import DEVICE_ID
from hive.mqtt.presence import Presence
from hive.mqtt.robot_repository import RobotRepository
from hive.puppet.lines import Lines
from ttsmirror.text import clean
from ttsmirror.wire.messages import parse_object

logger = logging.getLogger(__name__)

SPEAKING = "IN_SESSION"
"""The state that a robot in Puppet Mode reports when it begins to speak."""
_TOPIC = re.compile(rf"/devices/(?P<device>{DEVICE_ID})/(?P<kind>state|events/(?P<event>[^/]+))")

Handler = Callable[[str, dict[str, Any]], None]
"""Takes a robot's id and the fields of its message."""
ChatHandler = Callable[[str, dict[str, Any], float], None]
"""Takes also for how many seconds the message may have waited at the broker."""
IsApproved = Callable[[str], bool]


class Reports:
    """Handles the messages of robots. Used by one thread."""

    def __init__(
        self,
        presence: Presence,
        robots: RobotRepository,
        lines: Lines,
        *,
        on_chat: ChatHandler,
        on_query: Handler,
        is_approved: IsApproved,
    ) -> None:
        """Pass conversation to `on_chat` and queries to `on_query`; handle the rest here.

        Of a robot for which `is_approved` returns False, only the presence is noted.
        """
        self._presence = presence
        self._robots = robots
        self._lines = lines
        self._on_chat = on_chat
        self._on_query = on_query
        self._is_approved = is_approved

    def handle(self, topic: str, payload: bytes, waited_seconds: float = 0.0) -> None:
        """Handle one message, which may have waited at the broker for so long.

        Raises InvalidMessageError if the message of a robot that was let in cannot be read.
        """
        match = _TOPIC.fullmatch(topic)
        if match is None:
            logger.debug("ignored a message on %.100s: not a robot's topic", topic)
            return
        device_id = match["device"]
        if not waited_seconds:  # else it may have gone since
            self._presence.mark_seen(device_id)
        if not self._is_approved(device_id):
            return  # unread, so that a stranger cannot fill the log
        fields = parse_object(payload)
        if match["kind"] == "state":
            self._handle_state(device_id, fields)
        elif match["event"] == "remote-chat":
            self._on_chat(device_id, fields, waited_seconds)
        elif match["event"] == "client-service-activity-log":
            self._handle_activity(device_id, fields)

    def _handle_state(self, device_id: str, fields: dict[str, Any]) -> None:
        reported: dict[str, Any] = {}
        battery, awake = fields.get("battery_level"), fields.get("awake")
        if isinstance(battery, int | float) and math.isfinite(battery):
            reported["battery"] = float(battery)
        if isinstance(awake, bool):
            reported["awake"] = awake
        self._update(device_id, reported)

    def _update(self, device_id: str, reported: dict[str, Any]) -> None:
        self._robots.update(device_id, reported | {"last_seen": timezone.now()})

    def _handle_activity(self, device_id: str, fields: dict[str, Any]) -> None:
        subtopic = fields.get("subtopic")
        if subtopic == "query":
            self._on_query(device_id, fields)
        elif subtopic == "telehealth":
            self._handle_telehealth(device_id, fields.get("message"))
        elif "mentor_behavior" in fields:
            logger.info("robot %s reported mentor behavior", device_id)

    def _handle_telehealth(self, device_id: str, message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("state"), str):
            logger.warning("robot %s reported an invalid telehealth state", device_id)
            return
        self._update(device_id, {"puppet_state": clean(message["state"])[:64]})
        if message["state"] == SPEAKING:
            for line in self._lines.mark_speaking(device_id):
                push_line(line)
