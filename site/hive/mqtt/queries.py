"""Answer the queries of robots: schedule, mentor behaviors, license."""

from __future__ import annotations

import logging
from typing import Any

from hive.mqtt.robot_link import SendCommand
from hive.setup_cache import SetupCache

logger = logging.getLogger(__name__)


class Queries:
    """Answers robots' queries."""

    def __init__(self, send: SendCommand, setup: SetupCache) -> None:
        """Answer from `setup` by `send`."""
        self._send = send
        self._setup = setup

    def answer(self, device_id: str, fields: dict[str, Any]) -> None:
        """Answer a query; one that is unknown is only logged."""
        query = fields.get("query")
        result: dict[str, Any]
        if query == "schedule":
            result = {"schedule": self._setup.current.configuration.schedule}
        elif query == "mentor_behaviors":
            result = {"mentor_behaviors": []}
        elif query == "license":
            result = {"license_values": []}
        else:
            logger.info("robot %s sent an unknown query: %.60r", device_id, query)
            return
        head = {"command": "query_result", "query": query, "request_id": fields.get("request_id")}
        self._send(device_id, "query_result", head | result)
