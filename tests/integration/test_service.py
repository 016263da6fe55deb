"""The speech service in this process: a real broker, a real voice, files for sound."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.conftest import Broker
from tests.support.history import wait_for
from tests.support.sound import Sink, likeness, read_wav
from tests.support.tools import Listener, wait_until
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    HEALTH_TOPIC,
    STATUS_TOPIC,
    Chunk,
)
from ttsmonitor.models import QuarantinedMessage
from ttsmonitor.service import service as service_module
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"


def statuses(listener: Listener) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in listener.payloads(STATUS_TOPIC)]


@pytest.mark.sound
def test_plain_sentence_is_spoken_stored_and_reported(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    sink: Sink,
    tmp_path: Path,
) -> None:
    service = make_service("pyaudio,wav")
    listener = listen("moxie/+/+")
    listener.publish(TEXT_TOPIC, "Hola, soy Moxie hablando en español")
    utterance = wait_for("Hola, soy Moxie hablando en español", Status.SPOKEN)
    wait_until(lambda: sink.is_silent_for(0.3))
    (path,) = (tmp_path / "wav").glob("*.wav")
    samples, _rate = read_wav(path)
    assert likeness(samples, sink.recorded()) > 0.9
    assert utterance.engine == "espeak es"
    assert utterance.audio_seconds == pytest.approx(len(samples) / 22_050, abs=0.01)

    def events() -> list[str]:
        told = [each for each in statuses(listener) if each.get("id") == str(utterance.pk)]
        return [each["event"] for each in told]

    # The event follows the database update.
    wait_until(lambda: events()[-1:] == ["spoken"], "the last event")
    assert events() == ["stored", "playing", "spoken"]
    assert {"status", "current_text", "queue_size", "timestamp"} <= statuses(listener)[-1].keys()
    assert service.health()["ok"], service.health()


@pytest.mark.parametrize("moment", range(6))
def test_stop_during_start_ends_all_threads(
    broker_settings: Broker, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    monkeypatch.setenv("TTS_ENGINE", "espeak")
    monkeypatch.setenv("TTS_AUDIO", "null")
    before = set(threading.enumerate())
    service = SpeechService()
    subscriber = service._subscriber
    parts: list[Any] = [
        service._recorder,
        service._synthesizer,
        service._speaker,
        subscriber,
        subscriber.connection,
    ]
    reached = threading.Event()
    results: list[bool] = []
    if moment < len(parts):
        start_part = parts[moment].start

        def start_and_tell() -> None:
            reached.set()
            start_part()

        monkeypatch.setattr(parts[moment], "start", start_and_tell)
    starting = threading.Thread(target=lambda: results.append(service.start()))
    starting.start()
    if moment < len(parts):
        assert reached.wait(30)
    service.stop()
    starting.join(30)
    assert results in ([True], [False])
    assert service_module.current() is None
    left = set(threading.enumerate()) - before
    wait_until(lambda: not any(thread.is_alive() for thread in left), f"the end of {left}")
    assert not service._synthesizer.is_alive


def test_outdated_history_is_deleted_at_start(
    make_service: Callable[..., SpeechService], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_HISTORY_DAYS", "1")
    utterance("old", seconds_ago=2 * 86_400)
    utterance("young", seconds_ago=3600)
    make_service("null")
    wait_until(lambda: not Utterance.objects.filter(text="old").exists())
    assert Utterance.objects.filter(text="young").exists()


def test_repeated_message_is_spoken_once(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener], tmp_path: Path
) -> None:
    make_service()
    listener = listen(STATUS_TOPIC)
    payload = Chunk(utterance_id=uuid.uuid4(), text="Una sola vez").to_payload()
    for _ in range(3):
        listener.publish(TEXT_TOPIC, payload)
    listener.publish(TEXT_TOPIC, "La última")
    wait_for("La última", Status.SPOKEN)
    assert Utterance.objects.filter(text="Una sola vez").count() == 1
    assert len(list((tmp_path / "wav").glob("*.wav"))) == 2
    # Each repetition is answered, for a publisher that missed the first answer.
    wait_until(lambda: [told.get("event") for told in statuses(listener)].count("stored") == 4)


def test_message_during_downtime_is_spoken_afterwards(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    make_service().stop()
    listen().publish(TEXT_TOPIC, "Mientras no estabas")
    make_service()
    wait_for("Mientras no estabas", Status.SPOKEN)


def test_chunks_waiting_at_the_broker_complete_the_utterance(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TTS_CHUNK_WAIT_SECONDS", "30")
    parts = Chunk(utterance_id=uuid.uuid4(), text="Uno dos tres. " * 400).split()
    sender = listen()
    service = make_service("null")
    sender.publish(TEXT_TOPIC, parts[0].to_payload())
    wait_until(lambda: Utterance.objects.receiving().exists())
    service.stop()
    Utterance.objects.update(received_at=timezone.now() - timedelta(minutes=1))
    for part in parts[1:]:
        sender.publish(TEXT_TOPIC, part.to_payload())
    make_service("null")
    whole = wait_for("Uno dos tres. " * 400, Status.PLAYING)
    assert whole.error == ""


def test_unreadable_message_is_quarantined_and_next_is_spoken(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    make_service()
    sender = listen()
    sender.publish(TEXT_TOPIC, b"")  # as sent to clear a retained message
    sender.publish(TEXT_TOPIC, b"\xff\xfe\xfd")
    sender.publish(TEXT_TOPIC, '{"text": "a", "chunk": 9}')
    sender.publish(CONTROL_TOPIC, "dance")
    sender.publish(f"{TEXT_TOPIC}/d_7", "Sigo aquí")
    assert wait_for("Sigo aquí", Status.SPOKEN).device_id == "d_7"
    reasons = list(QuarantinedMessage.objects.order_by("pk").values_list("reason", flat=True))
    assert len(reasons) == 2
    assert "not UTF-8" in reasons[0] and "chunk is" in reasons[1]


def test_retained_sentence_is_stored_and_not_spoken(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener], tmp_path: Path
) -> None:
    sender = listen(STATUS_TOPIC)
    sender.publish(TEXT_TOPIC, "Vieja", retain=True)
    make_service()
    wait_for("Vieja", Status.SKIPPED)
    wait_until(
        lambda: [e["event"] for e in statuses(sender) if "event" in e] == ["stored", "skipped"]
    )
    assert not list((tmp_path / "wav").glob("*.wav"))


def test_each_receipt_is_logged_without_text(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "ttsmonitor.intake")
    make_service("null")
    payload = Chunk(utterance_id=uuid.uuid4(), text="Un secreto").to_payload()
    sender = listen()
    sender.publish(f"{TEXT_TOPIC}/d_7", payload)
    sender.publish(CONTROL_TOPIC, '{"action": "resume"}')
    wait_for("Un secreto", Status.SPOKEN)

    def received() -> set[str]:
        debug = [each for each in caplog.records if each.levelno == logging.DEBUG]
        told = [record.getMessage() for record in debug]
        return {line for line in told if line.startswith("received ")}

    wait_until(lambda: len(received()) == 2, "both receipts")
    assert received() == {
        f"received {TEXT_TOPIC}/d_7: {len(payload)} bytes,"
        f" utterance {json.loads(payload)['id']}, chunk 1 of 1",
        f"received {CONTROL_TOPIC}: 20 bytes",
    }


def test_interrupt_stops_only_the_named_robots_sentences(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    make_service("null")
    sender = listen()
    long = " ".join(["Érase una vez un robot que quería bailar con sus amigos del bosque."] * 9)
    sender.publish(f"{TEXT_TOPIC}/d_1", long)
    wait_for(long, Status.PLAYING)
    sender.publish(f"{TEXT_TOPIC}/d_1", "Segunda")
    sender.publish(f"{TEXT_TOPIC}/d_2", "Otro robot")
    wait_for("Otro robot", Status.QUEUED)
    sender.publish(CONTROL_TOPIC, Control(action="interrupt", device_id="d_1").to_payload())
    wait_for(long, Status.INTERRUPTED)
    wait_for("Segunda", Status.INTERRUPTED)
    wait_for("Otro robot", Status.SPOKEN)


def test_interrupt_ends_all_earlier_sentences(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    make_service("null")
    sender = listen()
    long = " ".join(["Esta es la primera frase de una larga lista."] * 9)
    for text in (long, *(f"Esta es la frase número {number}." for number in range(11))):
        sender.publish(f"{TEXT_TOPIC}/d_1", text)
    wait_until(lambda: Utterance.objects.count() == 12)
    wait_for(long, Status.PLAYING)
    sender.publish(CONTROL_TOPIC, Control(action="interrupt", device_id="d_1").to_payload())
    wait_until(lambda: not Utterance.objects.filter(status__in=Utterance.UNFINISHED).exists())
    assert set(Utterance.objects.values_list("status", flat=True)) == {Status.INTERRUPTED}


def test_pause_clear_resume_and_replay(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    service = make_service()
    sender = listen(STATUS_TOPIC)
    sender.publish(TEXT_TOPIC, "Primera")
    first = wait_for("Primera", Status.SPOKEN)
    sender.publish(CONTROL_TOPIC, '{"action": "pause"}')
    wait_until(lambda: service.status()["status"] == "paused")
    sender.publish(TEXT_TOPIC, "Espera")
    wait_for("Espera", Status.QUEUED)
    assert service.status()["queue_size"] == 1
    sender.publish(CONTROL_TOPIC, '{"action": "clear"}')
    wait_for("Espera", Status.SKIPPED)
    sender.publish(CONTROL_TOPIC, '{"action": "resume"}')
    sender.publish(CONTROL_TOPIC, Control(action="replay", utterance_id=first.pk).to_payload())
    wait_until(lambda: Utterance.objects.spoken().filter(text="Primera").count() == 2)
    wait_until(lambda: statuses(sender)[-1]["status"] == "idle")


def test_control_messages_move_and_remove_waiting_sentences(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    service, sender = make_service(), listen(STATUS_TOPIC)
    sender.publish(CONTROL_TOPIC, '{"action": "pause"}')
    wait_until(lambda: service.status()["status"] == "paused", "the pause")
    waiting = []
    for text in ("Uno", "Dos", "Tres"):
        sender.publish(TEXT_TOPIC, text)
        waiting.append(wait_for(text, Status.QUEUED))
    one, two, three = waiting
    move = Control(action="move", utterance_id=three.pk, before=one.pk)
    sender.publish(CONTROL_TOPIC, move.to_payload())
    sender.publish(CONTROL_TOPIC, Control(action="remove", utterance_id=two.pk).to_payload())
    assert wait_for("Dos", Status.SKIPPED).error == "removed from the queue"
    wait_until(
        lambda: (
            [told["event"] for told in statuses(sender) if told.get("id") == str(two.pk)][-1:]
            == ["skipped"]
        )
    )
    sender.publish(CONTROL_TOPIC, '{"action": "resume"}')
    spoken = [wait_for(text, Status.SPOKEN).started_at for text in ("Tres", "Uno")]
    assert spoken == sorted(spoken, key=str)


def test_ping_is_answered_and_birth_and_goodbye_are_retained(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    service = make_service()
    listener = listen(f"{HEALTH_TOPIC}/#")
    listener.publish(HEALTH_TOPIC, '{"type": "ping", "id": "7", "component": "test"}')

    def pong() -> dict[str, Any] | None:
        told = [json.loads(payload) for payload in listener.payloads(HEALTH_TOPIC)]
        return next((each for each in told if each["type"] == "pong"), None)

    answer = wait_until(pong, "the pong")
    assert answer is not None
    assert (answer["id"], answer["component"], answer["status"]) == ("7", "tts-subscriber", "ok")
    assert set(answer["checks"]) == {"broker", "database", "synthesis", "audio", "queue"}
    assert answer["topic"] == TEXT_TOPIC
    presence = f"{HEALTH_TOPIC}/tts-subscriber"
    wait_until(lambda: listener.payloads(presence), "the birth")
    assert json.loads(listener.payloads(presence)[0])["status"] == "online"
    service.stop()
    wait_until(lambda: json.loads(listener.payloads(presence)[-1])["status"] == "offline")


def test_only_a_running_service_is_current(make_service: Callable[..., SpeechService]) -> None:
    assert service_module.current() is None
    service = make_service()
    assert service_module.current() is service
    service.stop()
    assert service_module.current() is None
