"""The hive's connection to the broker."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from hive.mqtt.broker_log import LOG_TOPIC
from ttsmirror.conf import conf
from ttsmirror.exceptions import AlreadyRunningError
from ttsmirror.mqtt.connection import MQTTConnection, OnMessage, Received
from ttsmirror.mqtt.duplicate_client_probe import DuplicateClientProbe, forget_session
from ttsmirror.mqtt.identity import client_id
from ttsmirror.mqtt.last_seen import LastSeen
from ttsmirror.mqtt.loopback_probe import LoopbackProbe
from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import CONTROL_TOPIC, HEALTH_TOPIC
from ttsmonitor.intake.subscriber import COMPONENT as SPEECH_COMPONENT
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT

logger = logging.getLogger(__name__)

CLIENT_NAME = "moxie-hive"
COMPONENT = STREAMING_COMPONENT
BROKER_TOPIC = f"{HEALTH_TOPIC}/broker"
SUBSCRIPTIONS = (
    (f"{LOG_TOPIC}#", 0),
    # The broker keeps these while the hive is away: among them is what robots say.
    ("/devices/+/events/remote-chat", 1),
    ("/devices/+/events/client-service-activity-log", 0),
    ("/devices/+/state", 0),
    (CONTROL_TOPIC, 0),
    (HEALTH_TOPIC, 0),
    (f"{HEALTH_TOPIC}/{SPEECH_COMPONENT}", 1),
    (BROKER_TOPIC, 1),
)
RIVAL_SECONDS = 20.0
"""A hive that waits for its turn asks more often (RECONNECT_SECONDS and the probe's time)."""
SECOND = (
    "another hive serves the robots at the broker {address}; this one waits until that is stopped"
)
FIRST = (
    "a second hive is at the broker {address} and waits until this one is stopped: stop one of them"
)

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
        self._rival_until = 0.0  # time.monotonic()
        self._is_second = False

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
            durable=True,
            last_seen=LastSeen(conf.work_dir / f"{COMPONENT}.seen"),
            before_connect=self._give_way,
            on_rival=self._meet_rival,
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
    def reconnects(self) -> int:
        """Connections after the first one."""
        return 0 if self._connection is None else self._connection.reconnects

    @property
    def is_ready(self) -> bool:
        """True while connected and subscribed."""
        return self._connection is not None and self._connection.is_ready

    @property
    def error(self) -> str:
        """Why the broker cannot be used; empty when it can."""
        if self._loopback is None or self._connection is None:
            return Reason("the robot link was not started")
        return self._loopback.error or self.rivalry

    @property
    def rivalry(self) -> str:
        """That another hive is at the broker, and which of the two waits; empty where none is."""
        connection = self._connection
        if connection is None:
            return ""
        if self._is_second and not connection.is_ready:
            return Reason(SECOND, address=connection.address)
        is_first = time.monotonic() <= self._rival_until
        return Reason(FIRST, address=connection.address) if is_first else ""

    @property
    def instance(self) -> str:
        """Id that tells this hive from another one at the broker."""
        return self._connection.instance if self._connection is not None else ""

    def note_rival(self, instance: str) -> None:
        """Note that another hive asked who is there."""
        if self.is_ready and instance and instance != self.instance:
            if time.monotonic() > self._rival_until:
                logger.warning("a second hive is at the broker: stop one of them")
            self._rival_until = time.monotonic() + RIVAL_SECONDS

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

    def _give_way(self) -> None:
        """Raise AlreadyRunningError while another hive is at the broker."""
        connection = self._connection
        if connection is None:
            return
        probe = DuplicateClientProbe(
            COMPONENT, connection.instance, lambda own, other: own != other
        )
        if not probe.finds_duplicate(*connection.endpoint, lambda: connection.is_stopped):
            self._is_second = False
            return
        if not self._is_second:
            # The other hive handles the messages that the broker would keep for this one.
            forget_session(connection.client_id, *connection.endpoint)
            self._is_second = True
        raise AlreadyRunningError(Reason(SECOND, address=connection.address))

    def _meet_rival(self, instance: str) -> None:
        """Decide between two hives that came at the same moment: the lesser instance stays."""
        connection = self._connection
        if connection is None:
            return
        self.note_rival(instance)
        if connection.instance < instance:
            connection.announce()
        else:
            connection.begin_anew()

    def _receive(self, message: Received) -> None:
        is_health = message.topic == HEALTH_TOPIC
        if is_health and self._loopback is not None and self._loopback.receive(message.payload):
            return
        self._on_message(message)
