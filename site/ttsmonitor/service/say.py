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
from ttsmirror.reasons import Reason
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
STORED = Reason("stored")


def say(text: str, *, until_spoken: bool = False, **fields: Any) -> Reason:
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
            cause = connection.error
            error = Reason("Not sent: {cause}.", cause=cause)
            if NOTHING_LISTENS in cause and (hint := _start_hint()):
                error = Reason("{first} {rest}", first=error, rest=hint)
            raise BrokerError(error)
        topic = text_topic(utterance, conf.MQTT_TOPIC)
        is_taken = publish_asking(topic, parts[0], *connection.endpoint)
        if is_taken is False:
            raise BrokerError(
                Reason("The broker's access rules forbid publishing on {topic}.", topic=topic)
            )
        for part in parts[1:] if is_taken else parts:
            info = connection.publish(topic, part, qos=1)
            if info is not None:
                info.wait_for_publish(CONNECT_SECONDS)
        outcome = _wait(heard, {STORED, *ENDS}, STORED_SECONDS)
        if outcome == STORED and until_spoken:
            return _wait(heard, set(ENDS), SPOKEN_SECONDS) or Reason(
                "not spoken within {seconds} s", seconds=round(SPOKEN_SECONDS)
            )
        return outcome or Reason(
            "sent, but no speech service answers at the broker {address}: is it running?",
            address=connection.address,
        )
    finally:
        connection.stop()


def _start_hint() -> Reason | str:
    """Return how to start a broker, if one can be started on this computer."""
    if loopback_address(conf.MQTT_HOST) is None or "run_broker" not in get_commands():
        return ""
    return Reason("Start one with: {command}", command=manage_command("run_broker"))


def _take(message: Received, wanted: str, heard: queue.SimpleQueue[dict[str, Any]]) -> None:
    try:
        fields = parse_object(message.payload)
    except InvalidMessageError:
        return
    if fields.get("id") == wanted:
        heard.put(fields)


def _wait(
    heard: queue.SimpleQueue[dict[str, Any]], wanted: set[str], timeout_seconds: float
) -> Reason | None:
    """Return the first wanted event with its reason; None if none came in time."""
    deadline = time.monotonic() + timeout_seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            fields = heard.get(timeout=left)
        except queue.Empty:
            break
        if fields.get("event") in wanted:
            event = Reason(str(fields["event"]))
            error = Reason.from_json(fields.get("reason")) or str(fields.get("error") or "")
            return Reason("{event}: {error}", event=event, error=error) if error else event
    return None
