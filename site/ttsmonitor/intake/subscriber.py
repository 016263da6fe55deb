"""The durable MQTT subscription of the speech service."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ttsmirror.exceptions import AlreadyRunningError
from ttsmirror.models import Utterance
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.mqtt.duplicate_client_probe import DUPLICATE, DuplicateClientProbe
from ttsmirror.mqtt.identity import client_id
from ttsmirror.mqtt.last_seen import LastSeen
from ttsmirror.mqtt.loopback_probe import LoopbackProbe
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    HEALTH_TOPIC,
    SPEECH_COMPONENT,
    STATUS_TOPIC,
)
from ttsmonitor.conf import conf
from ttsmonitor.intake import broker_counts, control_consumer
from ttsmonitor.intake.broker_counts import BrokerCounts
from ttsmonitor.intake.control_consumer import ControlConsumer
from ttsmonitor.intake.inbox import Stored
from ttsmonitor.intake.publisher_clocks import PublisherClocks
from ttsmonitor.intake.text_consumer import TextConsumer
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT
from ttsmonitor.system.watchdog import Part

logger = logging.getLogger(__name__)

CLIENT_NAME = "moxie-tts-subscriber"
COMPONENT = SPEECH_COMPONENT


class Subscriber:
    """Receives everything for the speech service and hands it to two consumer threads.

    Its MQTT callbacks only sort messages into their queues.
    """

    def __init__(
        self,
        *,
        prefetch: Callable[[Utterance], None] = lambda utterance: None,
        on_stored: Callable[[list[Stored]], None],
        on_gap: Callable[[Utterance], None],
        on_control: Callable[[Control], object],
        health: Callable[[], dict[str, Any]],
        on_hive_offline: Callable[[], None] = lambda: None,
        on_connection: Callable[[], None] = lambda: None,
        on_duplicate: Callable[[AlreadyRunningError], None] = lambda error: None,
    ) -> None:
        """Compose client and consumers; nothing is connected yet.

        `on_duplicate` is called if another client of this name is at the broker.
        """
        self.received = 0
        """Messages on the topics of the text."""
        self.dropped = 0
        """Messages that came faster than they could be taken."""
        self._on_connection = on_connection
        self._on_duplicate = on_duplicate
        topic = conf.MQTT_TOPIC
        self.connection = MQTTConnection(
            client_id(CLIENT_NAME),
            subscriptions=[
                (topic, conf.MQTT_QOS),
                (f"{topic}/+", conf.MQTT_QOS),
                # QoS 0: the broker must not keep a control for later.
                *((each, 0) for each in (*control_consumer.TOPICS, *broker_counts.TOPICS)),
            ],
            on_message=self._sort,
            on_ready=self._connected,
            on_lost=lambda error: on_connection(),
            component=COMPONENT,
            durable=True,
            last_seen=LastSeen(conf.work_dir / f"{COMPONENT}.seen"),
            manual_ack=True,
            before_connect=self._refuse_duplicate,
        )
        self.loopback = LoopbackProbe(self.connection, COMPONENT)
        self.broker_counts = BrokerCounts()
        self.clocks = PublisherClocks(conf.work_dir / "publisher_clocks.json", STREAMING_COMPONENT)
        self._controls = ControlConsumer(
            self.connection,
            on_control=on_control,
            on_hive_offline=on_hive_offline,
            on_clock=self.clocks.learn,
            health=health,
        )
        self._texts = TextConsumer(
            self.connection,
            topic,
            clocks=self.clocks,
            was_interrupted=self._controls.was_interrupted,
            prefetch=prefetch,
            on_stored=on_stored,
            on_gap=on_gap,
        )

    @property
    def error(self) -> str:
        """Why the history cannot be written; empty when it can."""
        return self._texts.error

    @property
    def parts(self) -> list[Part]:
        """The parts that have to run for messages to be received."""
        return [self._texts, self._controls, self.connection]

    def start(self) -> None:
        """Start the consumers and connect in the background."""
        self._texts.start()
        self._controls.start()
        self.connection.start()

    def stop(self) -> None:
        """Stop the consumers. The connection stays, so that the outcome can still be published."""
        self._texts.stop()
        self._controls.stop()

    def is_online(self, component: str) -> bool:
        """Return True if this component is at the broker, as far as is known."""
        return self.connection.is_ready and self._controls.is_online(component)

    def publish_status(self, payload: bytes) -> None:
        """Publish the newest state, retained for clients that connect later."""
        self.connection.publish(STATUS_TOPIC, payload, retain=True)

    def pass_on(self, control: Control) -> None:
        """Publish a control from a page, for the hive that generates the speech."""
        signed = replace(control, sender=self.connection.instance)
        self.connection.publish(CONTROL_TOPIC, signed.to_payload())

    def _refuse_duplicate(self) -> None:
        connection = self.connection
        probe = DuplicateClientProbe(COMPONENT, connection.instance)
        if probe.finds_duplicate(*connection.endpoint, lambda: connection.is_stopped):
            error = AlreadyRunningError(DUPLICATE.format(connection.address, conf.work_dir))
            self._on_duplicate(error)
            raise error

    def _connected(self) -> None:
        self._texts.connected()
        self._on_connection()

    def _sort(self, message: Received) -> None:
        if message.topic == HEALTH_TOPIC and self.loopback.receive(message.payload):
            return
        if message.topic.startswith(broker_counts.ROOT):
            self.broker_counts.hear(message.topic, message.payload)
            return
        is_control = message.topic in control_consumer.TOPICS
        self.received += not is_control
        try:
            (self._controls if is_control else self._texts).put(message)
        except queue.Full:
            # Only QoS 0: of QoS 1 the broker keeps at most 20 unacknowledged.
            self.dropped += 1
            logger.error("too many messages at once: %d dropped so far", self.dropped)
