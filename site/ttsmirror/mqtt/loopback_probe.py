"""A message to oneself: the proof that what is sent through the broker arrives.

Mosquitto says yes to what its rules then drop, and a frozen one keeps its connections.
"""

from __future__ import annotations

import time
import uuid

from ttsmirror.mqtt.connection import MQTTConnection
from ttsmirror.wire.messages import HEALTH_TOPIC, dump

ECHO_SECONDS = 15.0
PATIENCE_SECONDS = 10.0
NO_ECHO = "what is sent through the broker does not come back"


class LoopbackProbe:
    """send() now and then, from one thread; hear() all of HEALTH_TOPIC; error says what it shows.

    `connection` is subscribed to HEALTH_TOPIC.
    """

    def __init__(self, connection: MQTTConnection, component: str) -> None:
        self._connection = connection
        self._component = component
        self._payload = b""
        self._number = 0  # of the connection it went over
        self._next = 0.0
        self._missed_since: float | None = None

    @property
    def error(self) -> str:
        """Why the broker cannot be reached, or that it keeps what it is given; empty: it works."""
        if self._connection.error:
            return self._connection.error
        since, is_current = self._missed_since, self._number == self._connection.number
        if since is not None and is_current and time.monotonic() - since > PATIENCE_SECONDS:
            return NO_ECHO
        return ""

    def send(self) -> None:
        """Send one where it is time for it, which it is on a new connection. Returns at once."""
        link, now = self._connection, time.monotonic()
        if not link.is_ready or (link.number == self._number and now < self._next):
            return
        if self._missed_since is None or link.number != self._number:
            self._missed_since = now
        self._number, self._next = link.number, now + ECHO_SECONDS
        self._payload = dump({
            "type": "echo", "id": str(uuid.uuid4()), "component": self._component,
        })  # fmt: skip
        link.publish(HEALTH_TOPIC, self._payload)

    def hear(self, payload: bytes) -> bool:
        """Was it the newest of ours?"""
        is_ours = payload == self._payload
        if is_ours:
            self._missed_since = None
        return is_ours
