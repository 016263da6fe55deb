"""Malformed messages on every topic do not stop the next good one."""

from __future__ import annotations

import logging
import random
import string
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Broker
from tests.support.tools import Listener, wait_until
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.publishing.publisher import Publisher
from ttsmirror.wire.control import CONTROL_ACTIONS
from ttsmirror.wire.fields import PAYLOAD_BYTES, dump
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    EVENTS,
    HEALTH_TOPIC,
    STATUS_TOPIC,
    Chunk,
)
from ttsmonitor.intake import control_consumer
from ttsmonitor.models import QuarantinedMessage
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

SEED = 4
MESSAGES = 600
GOOD_EVERY = 30
TEXT_TOPIC = "moxie/tts/text"
TOPICS = (TEXT_TOPIC, CONTROL_TOPIC, HEALTH_TOPIC, STATUS_TOPIC)
DEVICES = ("d_1", "ñandú", "🤖", "a b", "", "x" * 500, "<script>", "';--", "$SYS", "..", "%00")
TIMES = ("2026-11-24T10:00:00Z", "2099-01-01", "0001-01-01T00:00:00+23:59", "")
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2.5,
    1e308,
    10**30,
    "",
    " ",
    "x" * 5000,
    "a\0b",
    "2026-13-01",
    [],
    [[]],
    {},
    {"a": None},
    "NaN",
)
THREADS = {
    "ttsmirror.publisher",
    "ttsmonitor.text_consumer",
    "ttsmonitor.control_consumer",
    "ttsmonitor.speaker",
    "ttsmonitor.recorder",
}


class Rubbish:
    """A generator of malformed and nearly correct messages."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._ids = [str(uuid.UUID(int=self._random.getrandbits(128))) for _ in range(5)]

    def message(self) -> tuple[str, bytes]:
        """Return topic and payload; most nearly correct messages get their proper topic."""
        if self._random.random() < 0.5:
            makers = (self._bytes, self._text, self._deep, self._large)
            return self._topic(), self._random.choice(makers)()
        topic, fields = self._nearly_right()
        payload = dump(fields)
        if self._random.random() < 0.3:
            payload = self._damaged(payload)
        return topic if self._random.random() < 0.8 else self._topic(), payload

    def quality(self) -> int:
        return self._random.randrange(3)

    def _bytes(self) -> bytes:
        return self._random.randbytes(self._random.randrange(100))

    def _text(self) -> bytes:
        words = self._random.choices("hola\0\n\t🤖´<>&{}[]\"'\u202e\ufeff e\u0301", k=40)
        return "".join(words).encode()

    def _topic(self) -> str:
        return self._random.choice((*TOPICS, self._text_topic()))

    def _text_topic(self) -> str:
        return f"{TEXT_TOPIC}/{self._random.choice(DEVICES)}"

    def _damaged(self, payload: bytes) -> bytes:
        damaged = bytearray(payload)
        for _ in range(self._random.randrange(1, 4)):
            start = self._random.randrange(len(damaged))
            damaged[start : start + self._random.randrange(3)] = self._random.randbytes(2)
        return bytes(damaged)

    def _deep(self) -> bytes:
        return b'{"text": ' * self._random.randrange(2_000)

    def _large(self) -> bytes:
        size = self._random.choice((401, 20_001, PAYLOAD_BYTES, PAYLOAD_BYTES + 1, 200_000))
        return self._random.choice(string.printable).encode() * size

    def _nearly_right(self) -> tuple[str, dict[str, Any]]:
        """Return a nearly correct message, with ids from a small set so that messages collide."""
        choice, number = self._random.choice, self._random.randrange
        topic, fields = choice(
            (
                (TEXT_TOPIC, {"text": "Hola.", "chunk": number(1, 4), "total_chunks": 3}),
                (self._text_topic(), {"text": "Hola.", "lang": "xx", "priority": "high"}),
                (CONTROL_TOPIC, {"action": choice(list(CONTROL_ACTIONS)), "value": 0.5}),
                (CONTROL_TOPIC, {"action": "interrupt", "device_id": f"d_{number(1000)}"}),
                (HEALTH_TOPIC, {"type": "ping", "component": "test", "new": [1, {"a": None}]}),
                (
                    STATUS_TOPIC,
                    {"status": "idle", "event": choice(EVENTS), "current_text": "Hola."},
                ),
            )
        )
        some = {"id": choice(self._ids), "source": "chat", "timestamp": choice(TIMES)}
        kept = self._random.sample(sorted(some), number(len(some) + 1))
        fields = {name: some[name] for name in kept} | fields
        if self._random.random() < 0.3:
            fields[choice(sorted(fields))] = choice(ODD)
        return topic, fields


@pytest.fixture
def service(
    broker_settings: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[SpeechService]:
    for name, value in {
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "wav",
        "TTS_WAV_DIR": str(tmp_path / "wav"),
        "TTS_DRAIN_SECONDS": "0",
        "TTS_CHUNK_WAIT_SECONDS": "0.5",
    }.items():
        monkeypatch.setenv(name, value)
    made = SpeechService()
    made.start()
    wait_until(lambda: made.status()["broker"]["connected"], "the broker")
    yield made
    made.stop()


@pytest.fixture
def publisher(service: SpeechService) -> Iterator[Publisher]:
    made = Publisher()
    made.start()
    wait_until(lambda: made.connection.is_ready, "the publisher")
    yield made
    made.stop()


def test_good_message_is_spoken_after_malformed_messages(
    service: SpeechService,
    publisher: Publisher,
    listen: Callable[..., Listener],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control_consumer, "MAX_INTERRUPTS", 3)
    rubbish, sender = Rubbish(SEED), listen(HEALTH_TOPIC)
    good: list[str] = []
    for number in range(MESSAGES):
        topic, payload = rubbish.message()
        sender.client.publish(topic, payload, rubbish.quality())
        if number % GOOD_EVERY == 0:
            good.append(f"Buena {number}")
            sender.client.publish(TEXT_TOPIC, said(good[-1]).to_payload(), 1)
    for action in ("resume", "unmute", "clear", "skip"):
        sender.publish(CONTROL_TOPIC, dump({"action": action}))
    sender.publish(HEALTH_TOPIC, dump({"type": "ping", "id": "the last"}))
    wait_until(lambda: b'"pong","id":"the last"' in b"".join(sender.payloads(HEALTH_TOPIC)))
    publisher.publish(said("La última"))
    wait_until(lambda: status_of("La última") == "spoken", "the good one")

    wait_until(lambda: not OutboxEntry.objects.exists(), "its confirmation")
    kept = list(Utterance.objects.filter(text__startswith="Buena").values_list("text", flat=True))
    assert sorted(kept) == sorted(good)
    assert QuarantinedMessage.objects.count() > MESSAGES / 5
    assert {thread.name for thread in threading.enumerate()} >= THREADS
    wait_until(lambda: service.health()["ok"], "all to be well")
    assert len(service._subscriber._controls._interrupts) <= 3
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []


def said(text: str) -> Chunk:
    return Chunk(utterance_id=uuid.uuid4(), text=text, published_at=datetime.now(UTC))


def status_of(text: str) -> str | None:
    found = Utterance.objects.filter(text=text).first()
    return found.status if found else None
