"""The hive's connection to the broker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from hive.mqtt.broker_log import LOG_TOPIC
from ttsmirror.mqtt.connection import MQTTConnection, OnMessage, Received
from ttsmirror.mqtt.identity import client_id
from ttsmirror.mqtt.loopback_probe import LoopbackProbe
from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import CONTROL_TOPIC, HEALTH_TOPIC
from ttsmonitor.intake.subscriber import COMPONENT as SPEECH_COMPONENT
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT

CLIENT_NAME = "moxie-hive"
COMPONENT = STREAMING_COMPONENT
BROKER_TOPIC = f"{HEALTH_TOPIC}/broker"
SUBSCRIPTIONS = (
    (f"{LOG_TOPIC}#", 0),
    ("/devices/+/state", 1),
    ("/devices/+/events/+", 1),
    (CONTROL_TOPIC, 0),
    (HEALTH_TOPIC, 0),
    (f"{HEALTH_TOPIC}/{SPEECH_COMPONENT}", 1),
    (BROKER_TOPIC, 1),
)
IGNORED = ("/events/zmq", "/events/device-logs")

SendCommand = Callable[[str, str, dict[str, Any]], bool]
"""Sends a command to a robot: its id, the command's name, the payload."""


class Publish(Protocol):
    """Publishes JSON; returns False while there is no connection."""

    def __call__(self, topic: str, payload: dict[str, Any], qos: int = 0) -> bool:
        """Publish at once; never wait."""


class RobotLink:
    """The subscriptions and publications of the hive. Any thread may publish."""

    def __init__(self) -> None:
        """Connect nothing yet."""
        self._connection: MQTTConnection | None = None
        self._loopback: LoopbackProbe | None = None
        self._on_message: OnMessage = lambda message: None

    def start(
        self,
        on_message: OnMessage,
        on_ready: Callable[[], None],
        on_lost: Callable[[str], None],
    ) -> None:
        """Connect in the background, and again after each loss.

        The callbacks run on paho's thread and must return at once.
        """
        self._on_message = on_message
        self._connection = MQTTConnection(
            client_id(CLIENT_NAME),
            subscriptions=SUBSCRIPTIONS,
            on_message=self._receive,
            on_ready=on_ready,
            on_lost=on_lost,
            component=COMPONENT,
        )
        self._loopback = LoopbackProbe(self._connection, COMPONENT)
        self._connection.start()

    def stop(self, timeout_seconds: float) -> None:
        """Publish the farewell and disconnect."""
        if self._connection is not None:
            self._connection.stop(timeout_seconds)

    @property
    def is_started(self) -> bool:
        """True from start() on."""
        return self._connection is not None

    @property
    def is_ready(self) -> bool:
        """True while connected and subscribed."""
        return self._connection is not None and self._connection.is_ready

    @property
    def error(self) -> str:
        """Why the broker cannot be used; empty when it can."""
        return (
            Reason("the robot link was not started")
            if self._loopback is None
            else self._loopback.error
        )

    @property
    def fault(self) -> str:
        """Why the network thread does not do its work; empty if it does."""
        return "" if self._connection is None else self._connection.fault

    def probe(self) -> None:
        """Publish a loopback probe if one is due."""
        if self._loopback is not None:
            self._loopback.send()

    def publish(self, topic: str, payload: dict[str, Any], qos: int = 0) -> bool:
        """Publish at once. Return False while there is no connection."""
        if self._connection is None or not self._connection.is_ready:
            return False
        return self._connection.publish(topic, dump(payload), qos=qos) is not None

    def publish_raw(self, topic: str, payload: bytes) -> None:
        """Publish a payload that is encoded already."""
        if self._connection is not None:
            self._connection.publish(topic, payload)

    def _receive(self, message: Received) -> None:
        is_health = message.topic == HEALTH_TOPIC
        if is_health and self._loopback is not None and self._loopback.receive(message.payload):
            return
        if not message.topic.endswith(IGNORED):
            self._on_message(message)
