"""What a robot reports or asks for, other than conversation."""

from __future__ import annotations

import logging
import math
import re
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from hive.events import push_line
from hive.models import DEVICE_ID
from ttsmirror.text import clean

if TYPE_CHECKING:
    from hive.mqtt.moxie_server import MoxieServer

logger = logging.getLogger(__name__)

SPEAKING = "IN_SESSION"
"""What a robot in Puppet Mode reports when it begins to speak."""
_TOPIC = re.compile(rf"/devices/(?P<device>{DEVICE_ID})/(?P<kind>state|events/(?P<event>[^/]+))")


class Reports:
    """Reads what is published below /devices/<id>/ and answers it. Used by one thread."""

    def __init__(self, server: MoxieServer) -> None:
        self._server = server

    def handle(self, topic: str, fields: dict[str, Any]) -> None:
        """Take in one message of a robot."""
        match = _TOPIC.fullmatch(topic)
        if match is None:
            logger.debug("ignored %.100s: not a robot", topic)
            return
        device_id = match["device"]
        self._server.hear(device_id)
        if match["kind"] == "state":
            self._state(device_id, fields)
        elif match["event"] == "remote-chat":
            self._server.chat.handle_event(device_id, fields, self._server.volley_data(device_id))
        elif match["event"] == "client-service-activity-log":
            self._activity(device_id, fields)

    def _state(self, device_id: str, fields: dict[str, Any]) -> None:
        reported: dict[str, Any] = {}
        battery, awake = fields.get("battery_level"), fields.get("awake")
        if isinstance(battery, int | float) and math.isfinite(battery):
            reported["battery"] = float(battery)
        if isinstance(awake, bool):
            reported["awake"] = awake
        self._note(device_id, reported)

    def _note(self, device_id: str, reported: dict[str, Any]) -> None:
        self._server.records.note(device_id, reported | {"last_seen": timezone.now()})

    def _activity(self, device_id: str, fields: dict[str, Any]) -> None:
        subtopic = fields.get("subtopic")
        if subtopic == "query":
            self._answer(device_id, fields)
        elif subtopic == "telehealth":
            self._telehealth(device_id, fields.get("message"))
        elif "mentor_behavior" in fields:
            logger.info("robot %s reports what the child did", device_id)

    def _telehealth(self, device_id: str, message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("state"), str):
            logger.warning("robot %s reports a telehealth state that is none", device_id)
            return
        self._note(device_id, {"puppet_state": clean(message["state"])[:64]})
        if message["state"] == SPEAKING:
            for line in self._server.lines.robot_speaks(device_id):
                push_line(line)

    def _answer(self, device_id: str, fields: dict[str, Any]) -> None:
        query = fields.get("query")
        answer: dict[str, Any]
        if query == "schedule":
            answer = {"schedule": self._server.known.setup.configuration.schedule}
        elif query == "mentor_behaviors":
            answer = {"mentor_behaviors": []}
        elif query == "license":
            answer = {"license_values": []}
        else:
            logger.info("robot %s asks for %.60r, which is unknown here", device_id, query)
            return
        head = {"command": "query_result", "query": query, "request_id": fields.get("request_id")}
        self._server.send_command_to_bot_json(device_id, "query_result", head | answer)
