"""The traffic at the broker: print it, and publish what mends something."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence

from ttsmirror.exceptions import BrokerError
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.reasons import Reason
from ttsmonitor.conf import conf
from ttsmonitor.doctor.base import Publication, Result
from ttsmonitor.system.signals import on_stop_signal

CONNECT_SECONDS = 5.0


def listen(on_message: Callable[[str, str], None]) -> None:
    """Call `on_message` with topic and payload of each message until Ctrl-C.

    These are the topics of `mosquitto_sub -t 'moxie/#'`, and MQTT_TOPIC. Raises BrokerError if the
    broker lets nobody in.
    """
    is_over = threading.Event()

    def hear(message: Received) -> None:
        on_message(message.topic, message.payload.decode("utf-8", "backslashreplace"))

    topics = dict.fromkeys(["moxie/#", *_renamed_topic()])
    connection = _connected([(topic, 0) for topic in topics], hear)
    try:
        if connection.denied:
            raise BrokerError(connection.denied)
        with on_stop_signal(is_over.set):
            is_over.wait()
    finally:
        connection.stop()


def mend(results: Sequence[Result]) -> int:
    """Publish the messages that mend what was found; return how many. Raises BrokerError."""
    found: list[Publication] = [
        publication
        for result in results
        for finding in result.findings
        for publication in finding.mend
    ]
    if not found:
        return 0
    connection = _connected([], lambda message: None)
    try:
        for each in found:
            info = connection.publish(each.topic, each.payload, qos=1, retain=each.retain)
            if info is not None:
                info.wait_for_publish(CONNECT_SECONDS)
    finally:
        connection.stop()
    return len(found)


def _renamed_topic() -> list[str]:
    return [] if conf.MQTT_TOPIC.startswith("moxie/") else [f"{conf.MQTT_TOPIC}/#"]


def _connected(
    subscriptions: Sequence[tuple[str, int]], hear: Callable[[Received], None]
) -> MQTTConnection:
    connection = MQTTConnection(
        f"moxie-doctor-{secrets.token_hex(6)}", subscriptions=subscriptions, on_message=hear
    )
    connection.start()
    if not connection.wait_ready(CONNECT_SECONDS):
        cause = connection.error
        connection.stop()
        raise BrokerError(Reason("No connection: {cause}.", cause=cause))
    return connection
