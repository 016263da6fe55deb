"""Prove that the broker delivers: publish a message to oneself and wait for it.

Mosquitto acknowledges what its access rules then drop, and a frozen broker keeps its connections.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.mqtt.access_probe import may_read, publish_asking
from ttsmirror.mqtt.connection import MQTTConnection
from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import UTC, dump, format_time
from ttsmirror.wire.messages import HEALTH_TOPIC, parse_object

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 4.0
"""Less than the time between two looks of the health checks, so that each of them sends one."""
TIMEOUT_SECONDS = 8.0
NOT_DELIVERED = Reason("a message sent through the broker did not come back")
DENIED = Reason(
    "{cause}: the broker's access rules forbid this account to publish on {topic}",
    cause=NOT_DELIVERED,
    topic=HEALTH_TOPIC,
)
UNREADABLE = Reason(
    "{cause}: the broker's access rules forbid this account to read {topic}",
    cause=NOT_DELIVERED,
    topic=HEALTH_TOPIC,
)
RIVAL_SECONDS = 15.0
"""Another one sends its probes more often."""


def why_not_delivered(payload: bytes, host: str, port: int) -> Reason:
    """Return why a message of HEALTH_TOPIC did not come back, as far as the broker tells."""
    if publish_asking(HEALTH_TOPIC, payload, host, port) is False:
        return DENIED
    if may_read(HEALTH_TOPIC, payload, host, port) is False:
        return UNREADABLE
    return NOT_DELIVERED


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
        self._cause = ""  # why the newest ones were missed; empty until the broker is asked
        self._rival_heard: float | None = None

    @property
    def error(self) -> str:
        """Why the broker cannot be used; empty when it can."""
        link = self._connection
        if error := link.fault or link.error or link.denied:
            return error
        since, is_current = self._missing_since, self._number == self._connection.number
        if since is not None and is_current and time.monotonic() - since > TIMEOUT_SECONDS:
            return self._cause or NOT_DELIVERED
        return self.rival

    @property
    def rival(self) -> str:
        """That another component of this kind is at the broker; empty if none is."""
        heard = self._rival_heard
        if heard is None or time.monotonic() - heard > RIVAL_SECONDS:
            return ""
        return Reason(
            "another {component} is at the broker {address}, and both do the same work: stop one",
            component=self._component,
            address=self._connection.address,
        )

    def send(self) -> None:
        """Publish a probe if one is due, or on a new connection.

        Return at once, unless the last one is missed: then ask the broker what it denies.
        """
        connection, now = self._connection, time.monotonic()
        connection.tend()
        is_new = connection.number != self._number
        if not connection.is_ready or (not is_new and now < self._due):
            return
        missing_since = self._missing_since
        if missing_since is None or is_new:
            missing_since = self._missing_since = now
            self._cause = ""
        self._number, self._due = connection.number, now + INTERVAL_SECONDS
        fields = {
            "type": "echo",
            "id": str(uuid.uuid4()),
            "component": self._component,
            "instance": connection.instance,
            "timestamp": format_time(datetime.now(UTC)),  # for those who compare clocks
        }
        self._payload = dump(fields)
        connection.publish(HEALTH_TOPIC, self._payload)  # receive() may be called meanwhile
        if not self._cause and now - missing_since > TIMEOUT_SECONDS:
            self._cause = why_not_delivered(self._payload, *connection.endpoint)

    def receive(self, payload: bytes) -> bool:
        """Process a message of HEALTH_TOPIC; return True if it is the newest probe."""
        if payload == self._payload:
            self._missing_since, self._cause = None, ""
            self._connection.prove_current()
            return True
        self._note_rival(payload)
        return False

    def _note_rival(self, payload: bytes) -> None:
        try:
            fields = parse_object(payload)
        except InvalidMessageError:
            return
        is_alike = fields.get("type") == "echo" and fields.get("component") == self._component
        instance = fields.get("instance")
        if is_alike and instance and instance != self._connection.instance:
            if not self.rival:
                logger.warning("another %s is at the broker: stop one of them", self._component)
            self._rival_heard = time.monotonic()
