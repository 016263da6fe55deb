"""Prove that the broker delivers: publish a message to oneself and wait for it.

Mosquitto acknowledges what its access rules then drop, and a frozen broker keeps its connections.
"""

from __future__ import annotations

import time
import uuid
from datetime import datetime

from ttsmirror.mqtt.connection import MQTTConnection
from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import UTC, dump, format_time
from ttsmirror.wire.messages import HEALTH_TOPIC

INTERVAL_SECONDS = 4.0
"""Less than the time between two looks of the health checks, so that each of them sends one."""
TIMEOUT_SECONDS = 8.0
NOT_DELIVERED = Reason("a message sent through the broker did not come back")


class LoopbackProbe:
    """Sends probes over `connection`, which is subscribed to HEALTH_TOPIC.

    `send()` belongs to one thread, `receive()` to the connection's; `error` may be read anywhere.
    """

    def __init__(self, connection: MQTTConnection, component: str) -> None:
        """Send as `component`."""
        self._connection = connection
        self._component = component
        self._payload = b""
        self._number = 0  # of the connection that the newest probe went over
        self._due = 0.0
        self._missing_since: float | None = None

    @property
    def error(self) -> str:
        """Why the broker cannot be used; empty when it can."""
        if error := self._connection.fault or self._connection.error:
            return error
        since, is_current = self._missing_since, self._number == self._connection.number
        if since is not None and is_current and time.monotonic() - since > TIMEOUT_SECONDS:
            return NOT_DELIVERED
        return ""

    def send(self) -> None:
        """Publish a probe if one is due, or on a new connection. Return at once."""
        connection, now = self._connection, time.monotonic()
        connection.tend()
        is_new = connection.number != self._number
        if not connection.is_ready or (not is_new and now < self._due):
            return
        if self._missing_since is None or is_new:
            self._missing_since = now
        self._number, self._due = connection.number, now + INTERVAL_SECONDS
        fields = {
            "type": "echo",
            "id": str(uuid.uuid4()),
            "component": self._component,
            "instance": connection.instance,
            "timestamp": format_time(datetime.now(UTC)),  # for those who compare clocks
        }
        self._payload = dump(fields)
        connection.publish(HEALTH_TOPIC, self._payload)

    def receive(self, payload: bytes) -> bool:
        """Process a message of HEALTH_TOPIC; return True if it is the newest probe."""
        is_ours = payload == self._payload
        if is_ours:
            self._missing_since = None
            self._connection.prove_current()
        return is_ours
