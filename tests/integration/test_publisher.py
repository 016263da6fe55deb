"""The mirror's publisher with a real broker: publish, confirm, republish."""

from __future__ import annotations

import json
import signal
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from hive.mqtt.mqtt_tts_mirror import TTSMirrorPublisher
from tests.conftest import Broker
from tests.support.tools import PATIENCE_SECONDS, Listener, stored, wait_until
from ttsmirror.models import OutboxEntry
from ttsmirror.publishing import mirror as mirror_module
from ttsmirror.publishing import outbox
from ttsmirror.publishing.publisher import Listener as PublisherListener
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import Chunk, presence_payload

pytestmark = pytest.mark.django_db(transaction=True)
TEXT_TOPIC = "moxie/tts/text"


def test_sentence_stays_in_outbox_until_stored(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener = listen("moxie/tts/#")
    utterance_id = mirror.publish_text("Hola", source="chat", device_id="d_1", mood="happy")
    wait_until(lambda: listener.payloads(TEXT_TOPIC), "the sentence")
    fields = json.loads(listener.payloads(TEXT_TOPIC)[0])
    assert fields["text"] == "Hola"
    assert fields["id"] == str(utterance_id)
    assert (fields["source"], fields["device_id"], fields["mood"]) == ("chat", "d_1", "happy")
    assert OutboxEntry.objects.get().pk == utterance_id
    stored(listener, utterance_id)
    wait_until(lambda: not OutboxEntry.objects.exists(), "the confirmation")


def test_long_text_is_sent_as_several_chunks(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener = listen(TEXT_TOPIC)
    text = "Érase una vez un robot. " * 60
    mirror.publish_text(text, source="chat")

    def all_parts() -> list[dict[str, Any]]:
        parts = [json.loads(payload) for payload in listener.payloads(TEXT_TOPIC)]
        return parts if parts and len(parts) == parts[0]["total_chunks"] else []

    parts = wait_until(all_parts, "all parts")
    assert len(parts) > 1
    assert "".join(part["text"] for part in parts) == text
    assert len({part["id"] for part in parts}) == 1


def test_text_over_the_limit_is_cut_with_one_line(
    mirror: TTSMirrorPublisher,
    listen: Callable[..., Listener],
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener = listen(TEXT_TOPIC)
    text = "palabra " * 5_000
    mirror.publish_text(text, source="chat")

    def sent() -> str:
        return "".join(json.loads(payload)["text"] for payload in listener.payloads(TEXT_TOPIC))

    wait_until(lambda: sent().endswith("…"), "the text")
    assert sent() == f"{text[:19_998]}…"
    assert len({json.loads(p)["id"] for p in listener.payloads(TEXT_TOPIC)}) == 1
    lines = [line for line in caplog.messages if "over the limit" in line]
    assert lines == [
        "a text of 40000 characters is over the limit; only its first 19999 are mirrored"
    ]


def test_subscriber_birth_triggers_republishing(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener = listen(TEXT_TOPIC)
    mirror.publish_text("Hola", source="chat")
    wait_until(lambda: len(listener.payloads(TEXT_TOPIC)) == 1)
    birth = presence_payload("online", "tts-subscriber", "1")
    listener.publish("moxie/system/health/tts-subscriber", birth)
    wait_until(lambda: len(listener.payloads(TEXT_TOPIC)) == 2, "the repetition")


def test_control_is_published_and_listeners_get_events(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener = listen("moxie/tts/control")
    heard: list[str] = []
    mirror.add_listener(
        PublisherListener(
            on_sent=lambda key: heard.append(f"sent {key}"),
            on_status=lambda fields: heard.append(f"{fields['event']} {fields['id']}"),
        )
    )
    utterance_id = mirror.publish_text("Hola", source="chat")
    wait_until(lambda: heard, "the sent event")
    mirror.publish_control(Control(action="interrupt", device_id="d_1"))
    wait_until(lambda: listener.payloads("moxie/tts/control"), "the control")
    stored(listener, utterance_id)
    wait_until(lambda: len(heard) == 2)
    assert heard == [f"sent {utterance_id}", f"stored {utterance_id}"]


def test_interrupt_without_broker_withdraws_unsent_sentences(
    mirror: TTSMirrorPublisher, mosquitto: Broker, listen: Callable[..., Listener]
) -> None:
    # A durable subscription survives the broker; a new one might come too late.
    listener = listen(f"{TEXT_TOPIC}/#", client_id="listener", durable=True)
    mosquitto.process.close()
    mirror.publish_text("no lo digas", source="chat", device_id="d_1")
    mirror.publish_text("di esto", source="chat", device_id="d_2")
    mirror.publish_control(Control(action="interrupt", device_id="d_1"))
    mirror.publish_text("di lo nuevo", source="chat", device_id="d_1")
    wait_until(lambda: OutboxEntry.objects.count() == 3)
    mosquitto.start()
    wait_until(lambda: len(listener.messages) == 3, "all three")
    sent = [json.loads(payload) for _topic, payload in listener.messages]
    assert {each["text"]: each.get("ttl") for each in sent} == {
        "no lo digas": 0,
        "di esto": None,
        "di lo nuevo": None,
    }


def test_interrupt_is_published_despite_outbox_failure(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(device_id: str) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(outbox, "withdraw", fail)
    listener = listen("moxie/tts/control")
    mirror.start()
    wait_until(lambda: mirror._publisher.connection.is_ready)
    mirror.publish_control(Control(action="interrupt"))
    wait_until(lambda: listener.payloads("moxie/tts/control"), "the interrupt")


def test_interrupt_does_not_overtake_earlier_sentences(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener = listen("moxie/tts/#")
    mirror.publish_text("primero", source="chat")
    wait_until(lambda: listener.messages)
    listener.messages.clear()
    for number in range(20):
        mirror.publish_text(f"frase {number}", source="chat")
        mirror.publish_control(Control(action="interrupt"))
    wait_until(lambda: len(listener.messages) == 40)
    assert [topic.rpartition("/")[2] for topic, _ in listener.messages] == ["text", "control"] * 20


def test_stop_ends_once_sentence_is_confirmed(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener = listen(TEXT_TOPIC)
    utterance_id = mirror.publish_text("Hola", source="chat")
    wait_until(lambda: listener.payloads(TEXT_TOPIC))
    stopping = threading.Thread(target=mirror.stop, args=(20,))
    stopping.start()
    stored(listener, utterance_id)
    stopping.join(PATIENCE_SECONDS)
    assert not stopping.is_alive()
    assert not OutboxEntry.objects.exists()


def test_sentence_right_before_stop_is_published(
    mirror: TTSMirrorPublisher, mosquitto: Broker, listen: Callable[..., Listener]
) -> None:
    listener = listen(TEXT_TOPIC)
    mosquitto.process.signal(signal.SIGSTOP)  # the broker answers late
    utterance_id = mirror.publish_text("Adiós", source="chat")
    stopping = threading.Thread(target=mirror.stop, args=(20,))
    stopping.start()
    wait_until(lambda: OutboxEntry.objects.exists(), "the outbox entry")
    mosquitto.process.signal(signal.SIGCONT)
    wait_until(lambda: listener.payloads(TEXT_TOPIC), "the sentence")
    stored(listener, utterance_id)
    stopping.join(PATIENCE_SECONDS)
    assert not stopping.is_alive()
    assert not OutboxEntry.objects.exists()


def test_offline_speech_service_prevents_republishing(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = listen(TEXT_TOPIC)
    presence = "moxie/system/health/tts-subscriber"
    mirror.start()
    wait_until(lambda: mirror._publisher.connection.is_ready)
    listener.publish(presence, presence_payload("offline", "tts-subscriber", "1"))
    wait_until(lambda: not mirror._publisher._is_heard)
    monkeypatch.setenv("TTS_RETRY_SECONDS", "0.001")
    mirror.publish_text("Hola", source="chat")
    for number in range(3):  # each wakes the thread, which then checks for overdue entries
        mirror.publish_text(f"Otra {number}", source="chat")
        wait_until(lambda n=number: len(listener.payloads(TEXT_TOPIC)) >= n + 2)  # type: ignore[misc]
    assert len(listener.payloads(TEXT_TOPIC)) == 4


def test_invalid_mqtt_settings_do_not_raise_in_caller(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MQTT_TLS", "1")
    monkeypatch.setenv("MQTT_CA_CERTS", "/nowhere/ca.crt")
    monkeypatch.setenv("MQTT_PORT", "abc")
    mirror = TTSMirrorPublisher()
    monkeypatch.setattr(mirror_module, "get_tts_mirror", lambda: mirror)
    try:
        mirror_module.intercept_all_tts("Hola")
        mirror.publish_control(Control(action="interrupt"))
        wait_until(lambda: OutboxEntry.objects.exists(), "the sentence to be kept")
        assert "the mirror cannot connect" in caplog.text
    finally:
        mirror.stop(timeout_seconds=0.2)


@pytest.mark.parametrize("text", [None, 7, "", "  ", "a\0b", "\ud800", b"bytes"])
def test_invalid_text_does_not_raise(mirror: TTSMirrorPublisher, text: Any) -> None:
    mirror.publish_text(text, source="chat")


def chunks(listener: Listener) -> list[tuple[int, int, bool, str]]:
    fields = [json.loads(payload) for payload in listener.payloads(TEXT_TOPIC)]
    return [(each["chunk"], each["total_chunks"], "more" in each, each["text"]) for each in fields]


def test_growing_answer_is_published_in_chunks_once_each(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener, made = listen(TEXT_TOPIC), uuid.uuid4()
    mirror.publish_part("Uno. ", utterance_id=made, source="chat")
    wait_until(lambda: chunks(listener), "the first part")
    mirror.publish_part("Dos. ", utterance_id=made, source="chat")
    wait_until(lambda: len(chunks(listener)) == 2, "the second part")
    mirror.publish_part("Tres.", utterance_id=made, source="chat", is_last=True)
    assert mirror.publish_text("Uno. Dos. Tres.", utterance_id=made, source="chat") == made
    mirror.publish_text("Otra cosa.", source="chat")
    wait_until(lambda: len(chunks(listener)) == 4, "all of it")

    assert chunks(listener) == [
        (1, 2, True, "Uno. "),
        (2, 3, True, "Dos. "),
        (3, 3, False, "Tres."),
        (1, 1, False, "Otra cosa."),
    ]
    ids = {json.loads(payload)["id"] for payload in listener.payloads(TEXT_TOPIC)[:3]}
    assert ids == {str(made)}
    assert OutboxEntry.objects.get(pk=made).payload["text"] == "Uno. Dos. Tres."


def test_publishing_the_whole_text_ends_an_open_answer(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener, made = listen(TEXT_TOPIC), uuid.uuid4()
    mirror.publish_part("Uno. ", utterance_id=made, source="chat")
    wait_until(lambda: chunks(listener), "the first part")
    mirror.publish_text("Uno.", utterance_id=made, source="chat")
    wait_until(lambda: len(chunks(listener)) == 2, "its end")
    assert chunks(listener) == [(1, 2, True, "Uno. "), (2, 2, False, " ")]


def test_parts_during_broker_outage_are_sent_after_reconnect(
    mirror: TTSMirrorPublisher, mosquitto: Broker, listen: Callable[..., Listener]
) -> None:
    # A durable subscription survives the broker; a new one might come too late.
    listener, made = listen(TEXT_TOPIC, client_id="listener", durable=True), uuid.uuid4()
    mirror.publish_part("Uno. ", utterance_id=made, source="chat")
    wait_until(lambda: OutboxEntry.objects.filter(attempts=1).exists(), "the first part")
    wait_until(lambda: chunks(listener), "the first part at the listener")
    listener.messages.clear()
    mosquitto.process.close()
    wait_until(lambda: not mirror._publisher.connection.is_ready, "the loss")
    mirror.publish_part("Dos. ", utterance_id=made, source="chat")
    mosquitto.start()
    mirror.publish_part("Tres.", utterance_id=made, source="chat", is_last=True)
    wait_until(lambda: (3, 3, False, "Tres.") in chunks(listener), "the rest")
    assert {number for number, *_ in chunks(listener)} == {1, 2, 3}
    assert mirror._publisher.connection.reconnects == 1


def test_open_answer_of_earlier_run_is_ended(db: None) -> None:
    begun = Chunk(
        utterance_id=uuid.uuid4(), text="Uno. Dos. ", parts=("Uno. ", "Dos. "), is_open=True
    )
    outbox.add([begun])
    assert outbox.unconfirmed() == [begun]
    OutboxEntry.objects.update(created_at=timezone.now() - timedelta(seconds=outbox.OPEN_SECONDS))
    (ended,) = outbox.unconfirmed()
    assert [chunk.total_chunks for chunk in ended.split()] == [2, 2]
    assert not ended.is_open
