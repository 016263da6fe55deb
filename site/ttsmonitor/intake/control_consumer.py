"""Act on control, health and presence messages, ahead of any burst of sentences."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.service_thread import TURN_SECONDS, ServiceThread
from ttsmirror.wire.control import Control, parse_control
from ttsmirror.wire.fields import SLUG, read_name, read_time
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    HEALTH_TOPIC,
    PLUG_IN_COMPONENT,
    SPEECH_COMPONENT,
    parse_object,
    pong_payload,
)
from ttsmonitor.conf import conf
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT

logger = logging.getLogger(__name__)

HIVE_TOPIC = f"{HEALTH_TOPIC}/{STREAMING_COMPONENT}"
"""Presence of the component that streams answers."""
PRESENCE_TOPICS = {
    HIVE_TOPIC: STREAMING_COMPONENT,
    f"{HEALTH_TOPIC}/{PLUG_IN_COMPONENT}": PLUG_IN_COMPONENT,
}
"""The topics of births and last wills, with their components."""
HEARTBEATS = ("echo", "pong")
TOPICS = (CONTROL_TOPIC, HEALTH_TOPIC, *PRESENCE_TOPICS)
MAX_WAITING = 10_000
MAX_INTERRUPTS = 1_000


class ControlConsumer(ServiceThread):
    """A thread of its own, so that an interrupt never waits behind sentences."""

    retry_seconds = 0.0

    def __init__(
        self,
        connection: MQTTConnection,
        *,
        on_control: Callable[[Control], object],
        on_hive_offline: Callable[[], None],
        on_clock: Callable[[str, datetime, datetime], None],
        health: Callable[[], dict[str, Any]],
    ) -> None:
        """Call `on_control` for each control and `on_hive_offline` when the hive goes offline.

        `on_clock` gets a component's name, its time and ours, for each message of its health.
        Pings are answered with what `health` returns.
        """
        super().__init__("ttsmonitor.control_consumer")
        self._connection = connection
        self._on_control = on_control
        self._on_hive_offline = on_hive_offline
        self._on_clock = on_clock
        self._health = health
        self._messages: queue.Queue[Received] = queue.Queue(MAX_WAITING)
        self._online: dict[str, bool] = {}
        self._interrupts: dict[str, float] = {}  # device id ("": all) to time.monotonic()

    def put(self, message: Received) -> None:
        """Hand a message over. Raises queue.Full."""
        self._messages.put_nowait(message)

    def is_online(self, component: str) -> bool:
        """Return True if this component has told the broker that it is there."""
        return self._online.get(component, False)

    def was_interrupted(self, device_id: str, received: float) -> bool:
        """Return True if an interrupt overtook a message of time.monotonic() `received`."""
        moments = [self._interrupts.get(each, 0.0) for each in {"", device_id}]
        return received < max(moments)

    def work(self) -> None:
        """Act on the next message, if one comes in time."""
        try:
            message = self._messages.get(timeout=TURN_SECONDS)
        except queue.Empty:
            return
        try:
            self._handle(message)
        except InvalidMessageError as exc:
            logger.warning("ignored a message on %s: %s", message.topic, exc)
        finally:
            self._connection.acknowledge(message)

    def _handle(self, message: Received) -> None:
        """Act on one message. Raises InvalidMessageError."""
        logger.debug("received %s: %d bytes", message.topic, len(message.payload))
        if message.topic == CONTROL_TOPIC:
            self._control(message)
        elif component := PRESENCE_TOPICS.get(message.topic):
            status = parse_object(message.payload).get("status")
            self._online[component] = status == "online"
            if component == STREAMING_COMPONENT and status == "offline":
                self._on_hive_offline()
        else:
            fields = parse_object(message.payload)
            self._compare_clocks(message, fields)
            self._answer_ping(fields)

    def _control(self, message: Received) -> None:
        if message.retain:
            logger.warning("ignored a retained control message: it may be outdated")
            return
        control = parse_control(message.payload)
        if control.sender == self._connection.instance:
            return  # this service sent it to other instances
        if control.action == "interrupt":
            self._note_interrupt(control.device_id, message.received)
        self._on_control(control)

    def _note_interrupt(self, device_id: str, received: float) -> None:
        self._interrupts.pop(device_id, None)
        self._interrupts[device_id] = received
        while len(self._interrupts) > MAX_INTERRUPTS:
            # Drop the oldest interrupt: the messages that it overtook are stored by now.
            del self._interrupts[next(iter(self._interrupts))]

    def _compare_clocks(self, message: Received, fields: dict[str, Any]) -> None:
        """Learn a component's clock. Its messages have QoS 0, so none waited at the broker."""
        component = read_name(fields, "component", SLUG)
        is_ours = fields.get("instance") == self._connection.instance
        timestamp = None if message.retain or is_ours else read_time(fields)
        if component and timestamp is not None and fields.get("type") in HEARTBEATS:
            on_its_way = timedelta(seconds=time.monotonic() - message.received)
            self._on_clock(component, timestamp, timezone.now() - on_its_way)

    def _answer_ping(self, ping: dict[str, Any]) -> None:
        if ping.get("type") != "ping":
            return
        health = self._health()
        status = "ok" if health["ok"] else "failing"
        pong = pong_payload(
            ping,
            SPEECH_COMPONENT,
            status,
            health["checks"],
            self._connection.instance,
            topic=conf.MQTT_TOPIC,
        )
        self._connection.publish(HEALTH_TOPIC, pong)
