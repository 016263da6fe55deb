"""One utterance, published from the command line, and what became of it."""

from __future__ import annotations

import queue
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from django.core.management import get_commands

from ttsmirror.exceptions import BrokerError, InvalidMessageError
from ttsmirror.mqtt.access_probe import publish_asking
from ttsmirror.mqtt.causes import NOTHING_LISTENS
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.publishing.outgoing import text_topic
from ttsmirror.wire.messages import (
    ENDS,
    STATUS_TOPIC,
    Chunk,
    parse_chunk,
    parse_object,
)
from ttsmonitor.conf import conf
from ttsmonitor.system.commands import manage_command
from ttsmonitor.system.ports import loopback_address

CONNECT_SECONDS = 5.0
STORED_SECONDS = 5.0
SPOKEN_SECONDS = 300.0


def say(text: str, *, until_spoken: bool = False, **fields: Any) -> str:
    """Publish `text` and wait until it is stored or spoken; return its outcome as a sentence.

    Raises BrokerError if no broker answers, InvalidMessageError for fields that no message
    can have.
    """
    utterance = Chunk(
        utterance_id=uuid.uuid4(), text=text, published_at=datetime.now(UTC), **fields
    )
    parts = [chunk.to_payload() for chunk in utterance.split()]
    for part in parts:
        parse_chunk(part)
    heard: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    connection = MQTTConnection(
        f"moxie-say-{uuid.uuid4().hex[:12]}",
        subscriptions=[(STATUS_TOPIC, 0)],
        on_message=lambda message: _take(message, str(utterance.utterance_id), heard),
    )
    connection.start()
    try:
        if not connection.wait_ready(CONNECT_SECONDS):
            hint = _start_hint() if NOTHING_LISTENS in connection.error else ""
            raise BrokerError(f"{connection.error[0].upper()}{connection.error[1:]}.{hint}")
        topic = text_topic(utterance, conf.MQTT_TOPIC)
        is_taken = publish_asking(topic, parts[0], *connection.endpoint)
        if is_taken is False:
            raise BrokerError(f"The broker's access rules forbid publishing on {topic}.")
        for part in parts[1:] if is_taken else parts:
            info = connection.publish(topic, part, qos=1)
            if info is not None:
                info.wait_for_publish(CONNECT_SECONDS)
        outcome = _wait(heard, {"stored", *ENDS}, STORED_SECONDS)
        if outcome == "stored" and until_spoken:
            seconds = round(SPOKEN_SECONDS)
            return _wait(heard, set(ENDS), SPOKEN_SECONDS) or f"not spoken within {seconds} s"
        where = f"no speech service answers at the broker {connection.address}"
        return outcome or f"published, but {where}: is it running?"
    finally:
        connection.stop()


def _start_hint() -> str:
    """Return how to start a broker, if one can be started on this computer."""
    if loopback_address(conf.MQTT_HOST) is None or "run_broker" not in get_commands():
        return ""
    return f" Start one with: {manage_command('run_broker')}"


def _take(message: Received, wanted: str, heard: queue.SimpleQueue[dict[str, Any]]) -> None:
    try:
        fields = parse_object(message.payload)
    except InvalidMessageError:
        return
    if fields.get("id") == wanted:
        heard.put(fields)


def _wait(
    heard: queue.SimpleQueue[dict[str, Any]], wanted: set[str], timeout_seconds: float
) -> str:
    """Return the first wanted event with its reason; an empty string if none came in time."""
    deadline = time.monotonic() + timeout_seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            fields = heard.get(timeout=left)
        except queue.Empty:
            break
        if fields.get("event") in wanted:
            error = fields.get("error")
            return f"{fields['event']}: {error}" if error else str(fields["event"])
    return ""
