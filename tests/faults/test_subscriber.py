"""Sentences survive a killed service and a changed clock, and are spoken at most once."""

from __future__ import annotations

import json
import signal
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.conftest import Broker
from tests.support.history import history_of, wait_for
from tests.support.tools import (
    Listener,
    manage,
    running,
    wait_until,
)
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.publishing.publisher import Publisher
from ttsmirror.wire.messages import STATUS_TOPIC, Chunk
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"
PRESENCE = "moxie/system/health/tts-subscriber"
STORY = " ".join(["Había una vez un robot que quería aprender a bailar."] * 10)
MEANWHILE = 1_500
DIES_BEFORE_IT_ACKNOWLEDGES = """
import os, signal, sys
sys.path.insert(0, "site")
from ttsmirror.mqtt.connection import MQTTConnection

def die(connection, message):
    os.kill(os.getpid(), signal.SIGKILL)

MQTTConnection.acknowledge = die
from openmoxie.commandline import main
main(["manage.py", "run_tts_subscriber"])
"""


@pytest.fixture
def mirror(broker_settings: Broker) -> Iterator[Publisher]:
    """Return a publisher that republishes everything when the service comes online."""
    made = Publisher()
    made.start()
    yield made
    made.stop(0.1)


def sentence(text: str, **fields: object) -> Chunk:
    return Chunk(utterance_id=uuid.uuid4(), text=text, **fields)  # type: ignore[arg-type]


def is_online(listener: Listener) -> bool:
    told = listener.payloads(PRESENCE)
    return bool(told) and json.loads(told[-1])["status"] == "online"


def events(listener: Listener) -> list[tuple[str, str]]:
    """Return event and id of each status message, in order."""
    told = [json.loads(payload) for payload in listener.payloads(STATUS_TOPIC)]
    return [(each["event"], each["id"]) for each in told if "event" in each]


def test_messages_are_stored_once_after_kill_before_acknowledgement(
    install: Callable[..., dict[str, str]],
    listen: Callable[..., Listener],
    mirror: Publisher,
    tmp_path: Path,
) -> None:
    environment = install(TTS_ENGINE="espeak", TTS_AUDIO="wav", TTS_WAV_DIR=str(tmp_path / "wav"))
    listener = listen(PRESENCE)
    first, last = sentence("La primera."), sentence("La última.", priority="high")
    meanwhile = [sentence(f"Número {number}.", ttl=0.0) for number in range(MEANWHILE)]
    with running([sys.executable, "-c", DIES_BEFORE_IT_ACKNOWLEDGES], environment) as process:
        wait_until(lambda: is_online(listener), "the service's birth")
        mirror.publish(first)
        assert process.wait() == -signal.SIGKILL
    assert [text for text, _status, _error in history_of(environment)] == [first.text]
    for each in [*meanwhile, last]:
        mirror.publish(each)
    wait_until(lambda: OutboxEntry.objects.filter(attempts__gt=0).count() == MEANWHILE + 2)
    with running(manage("run_tts_subscriber"), environment):
        wait_until(lambda: not OutboxEntry.objects.exists(), "all confirmations", 60)
        wait_until(lambda: (last.text, "spoken", "") in history_of(environment), "the last one")
        rows = history_of(environment)
    assert Counter(text for text, _status, _error in rows) == Counter(
        each.text for each in [first, *meanwhile, last]
    )
    assert {status for text, status, _error in rows if text in (first.text, last.text)} == {
        "spoken"
    }
    assert len(list((tmp_path / "wav").glob("*.wav"))) == 2, "one of them was said twice"


def test_restart_after_kill_speaks_only_fresh_waiting_sentences(
    install: Callable[..., dict[str, str]], listen: Callable[..., Listener]
) -> None:
    environment = install(TTS_ENGINE="espeak", TTS_AUDIO="null")
    listener = listen(STATUS_TOPIC, PRESENCE)
    with running(manage("run_tts_subscriber"), environment) as process:
        wait_until(lambda: is_online(listener), "the service's birth")
        listener.publish(TEXT_TOPIC, STORY)
        listener.publish(TEXT_TOPIC, "Segunda.")
        listener.publish(TEXT_TOPIC, sentence("Breve.", ttl=0.5).to_payload())
        wait_until(lambda: [event for event, _id in events(listener)].count("playing") == 1)
        wait_until(lambda: len(history_of(environment)) == 3)
        process.signal(signal.SIGKILL)
        process.wait()
    with running(manage("run_tts_subscriber"), environment):
        wait_until(lambda: not any(row[1] == "queued" for row in history_of(environment)))
        wait_until(lambda: ("Segunda.", "spoken", "") in history_of(environment))
        # The event follows the database update.
        wait_until(lambda: [event for event, _id in events(listener)].count("spoken") == 1)
    assert sorted(history_of(environment)) == sorted(
        [
            (STORY, "interrupted", "the service ended while this was spoken"),
            ("Segunda.", "spoken", ""),
            ("Breve.", "expired", "too old to be spoken when its turn came"),
        ]
    )
    begun = Counter(identity for event, identity in events(listener) if event == "playing")
    assert set(begun.values()) == {1} and len(begun) == 2


def test_changed_clock_neither_expires_nor_repeats_sentences(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TTS_CHUNK_WAIT_SECONDS", "0.2")
    ahead = timedelta()
    monkeypatch.setattr(timezone, "now", lambda: datetime.now(UTC) + ahead)
    service = make_service("wav")
    sender = listen(STATUS_TOPIC)

    def say(text: str, **fields: object) -> None:
        chunk = sentence(text, published_at=timezone.now(), device_id="d_1", **fields)
        sender.publish(f"{TEXT_TOPIC}/d_1", chunk.to_payload())

    service._speaker.pause()
    say("Antes.")
    wait_for("Antes.", Status.QUEUED)
    monkeypatch.setenv("TTS_CHUNK_WAIT_SECONDS", "3600")
    say("Media", chunk=1, total_chunks=2)
    wait_for("Media …", Status.RECEIVING)
    ahead = -timedelta(hours=1)
    monkeypatch.setenv("TTS_CHUNK_WAIT_SECONDS", "0.2")
    wait_for("Media …", Status.QUEUED)
    say("Después.")
    wait_for("Después.", Status.QUEUED)
    ahead = timedelta(hours=1)
    wait_until(lambda: Utterance.objects.filter(received_at__gt=datetime.now(UTC)).count() == 3)
    service._speaker.resume()
    spoken = [wait_for(text, Status.SPOKEN) for text in ("Antes.", "Media …", "Después.")]
    wait_until(lambda: [event for event, _id in events(sender)].count("spoken") == 3)
    told = [identity for event, identity in events(sender) if event == "spoken"]
    assert told == [str(each.pk) for each in spoken], "in another order, or twice"
    assert all(0 <= (each.first_audio_ms or 0) < 60_000 for each in spoken)


def test_waiting_sentence_is_spoken_after_clock_set_back(
    make_service: Callable[..., SpeechService], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_CHUNK_WAIT_SECONDS", "0.2")
    later = timezone.now() + timedelta(hours=1)
    for number, status in enumerate((Status.RECEIVING, Status.QUEUED)):
        moment = later + timedelta(seconds=number)
        Utterance.objects.create(
            text=status,
            source="chat",
            status=status,
            total_chunks=2 - number,
            published_at=moment,
            received_at=moment,
            ttl_seconds=600,
        )
    service = make_service("wav")
    wait_until(lambda: not Utterance.objects.filter(received_at__gt=timezone.now()).exists())
    service._speaker.wake()
    wait_for("queued", Status.SPOKEN)
