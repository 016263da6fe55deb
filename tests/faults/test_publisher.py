"""The publisher with forks, an unavailable database, and a full or outdated outbox."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from hive.mqtt.mqtt_tts_mirror import TTSMirrorPublisher
from tests.conftest import Broker
from tests.faults.parts import history, kept, kill, locked_database, speech_service
from tests.support.tools import PATIENCE_SECONDS, Listener, stored, wait_until
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.publishing import outbox
from ttsmirror.wire.control import Control

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
TEXT_TOPIC = "moxie/tts/text"


def test_full_outbox_drops_and_counts_the_oldest(
    mirror: TTSMirrorPublisher, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(mosquitto)
    monkeypatch.setenv("TTS_OUTBOX_ROWS", "3")
    monkeypatch.setenv("TTS_RETRY_SECONDS", "0")
    for number in range(10):
        mirror.publish_text(f"Frase {number}", source="chat")
    wait_until(lambda: mirror.state.lost == 7, "seven to fall out")
    assert kept() == ["Frase 7", "Frase 8", "Frase 9"]
    wait_until(lambda: mirror.state.waiting == 3, "the rest to be counted")


def test_outdated_outbox_entry_is_dropped_and_counted(
    mirror: TTSMirrorPublisher,
    mosquitto: Broker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    kill(mosquitto)
    for text in ("viejo", "nuevo"):
        mirror.publish_text(text, source="chat")
    wait_until(lambda: len(kept()) == 2, "the outbox")
    yesterday = timezone.now() - timedelta(hours=25)
    OutboxEntry.objects.filter(payload__text="viejo").update(created_at=yesterday)
    monkeypatch.setenv("TTS_RETRY_SECONDS", "0")
    wait_until(lambda: mirror.state.lost == 1, "the old one to be given up")
    assert kept() == ["nuevo"]
    wait_until(lambda: "dropped 1 unconfirmed sentences" in caplog.text, "its line")


def test_sentences_are_kept_in_memory_without_database_and_broker(
    mirror: TTSMirrorPublisher, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.05)
    kill(mosquitto)
    with locked_database():
        mirror.publish_text("uno", source="chat", device_id="d_1")
        mirror.publish_text("dos", source="chat", device_id="d_2")
        mirror.publish_control(Control(action="interrupt", device_id="d_2"))
        mirror.publish_text("tres", source="chat", device_id="d_2")
        wait_until(lambda: mirror.state.waiting == 3, "three in memory")
        wait_until(lambda: "locked" in mirror.state.problem, "the cause")
        assert not kept()
    mosquitto.start()
    with speech_service():
        wait_until(lambda: not mirror.state.waiting, "the confirmations")
    assert sorted(history()) == ["dos", "tres", "uno"]
    withdrawn = Utterance.objects.filter(ttl_seconds=0)
    assert [each.text for each in withdrawn] == ["dos"]
    wait_until(lambda: not mirror.state.problem, "the end of the problem")


def test_sentence_is_mirrored_while_database_is_locked(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.05)
    listener = listen(TEXT_TOPIC)
    with locked_database():
        mirror.publish_text("Hola", source="chat")
        wait_until(lambda: listener.messages, "the sentence")
        assert mirror.state.waiting == 1


def test_confirmation_during_outage_is_saved_afterwards(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.05)
    listener = listen(TEXT_TOPIC)
    before = mirror.publish_text("antes", source="chat")
    wait_until(kept, "the outbox")
    with locked_database():
        meanwhile = mirror.publish_text("mientras", source="chat")
        wait_until(lambda: len(listener.messages) == 2, "both sentences")
        wait_until(lambda: mirror.state.error, "the outage to be noticed")
        for each in (before, meanwhile):
            stored(listener, each)
        wait_until(lambda: not mirror.state.waiting, "the confirmations")
        assert kept() == ["antes"]
    wait_until(lambda: not kept(), "the outbox to be empty")
    wait_until(lambda: not mirror.state.problem, "all to be well without another sentence")


def test_interrupt_during_outage_withdraws_earlier_outbox_entries(
    mirror: TTSMirrorPublisher, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.05)
    kill(mosquitto)
    mirror.publish_text("antes", source="chat", device_id="d_1")
    wait_until(kept, "the outbox")
    with locked_database():
        mirror.publish_control(Control(action="interrupt", device_id="d_1"))
        mirror.publish_text("después", source="chat", device_id="d_1")
        wait_until(lambda: mirror.state.error, "the outage to be noticed")
    wait_until(lambda: kept() == ["antes", "después"], "the outbox")
    # A withdrawal is written before what was said after it.
    before, after = OutboxEntry.objects.order_by("created_at")
    assert (before.payload["ttl"], after.payload["ttl"]) == (0, None)


def test_invalid_field_does_not_lose_its_sentence(mirror: TTSMirrorPublisher) -> None:
    with speech_service():
        mirror.publish_text("uno", source="chat")
        mirror.publish_text("dos", source="chat", mood=object())
        mirror.publish_text("tres", source="chat", utterance_id="x")  # type: ignore[arg-type]
        wait_until(lambda: len(history()) == 3, "all three")


def wait_for_both(listener: Listener, child: int) -> None:
    """Wait until parent and child have published, confirm both, and wait for the child's end."""

    def said() -> dict[str, str]:
        messages = map(json.loads, listener.payloads(TEXT_TOPIC))
        return {each["text"]: each["id"] for each in messages}

    # Compare texts, not counts: the child may republish the parent's message first.
    wait_until(lambda: said().keys() == {"padre", "hijo"}, "both sentences")
    for utterance_id in said().values():
        stored(listener, utterance_id)
    os.waitpid(child, 0)


def test_shared_outbox_is_published_only_by_who_filled_it(
    mirror: TTSMirrorPublisher, mosquitto: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="ttsmirror.publishing.publisher")
    first = mirror.publish_text("de la colmena", source="chat")
    wait_until(kept, "the outbox")
    other = TTSMirrorPublisher(sender="tts-subscriber")

    def published() -> Counter[str]:
        messages = [each.split() for each in caplog.messages]
        return Counter(words[1] for words in messages if words[0] == "published")

    try:
        second = other.publish_text("del servicio", source="api")
        wait_until(lambda: published() == {str(first): 1, str(second): 1}, "both sentences")
        kill(mosquitto)
        mosquitto.start()
        wait_until(lambda: len(published()) == 2 and min(published().values()) > 1, "both again")
        assert published() == {str(first): 2, str(second): 2}
    finally:
        other.stop(timeout_seconds=0.2)


def test_forked_process_has_its_own_publisher(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener]
) -> None:
    listener = listen(TEXT_TOPIC)
    mirror.publish_text("padre", source="chat")
    wait_until(lambda: len(listener.payloads(TEXT_TOPIC)) == 1)
    child = os.fork()
    if child == 0:
        mirror.publish_text("hijo", source="chat")
        mirror.stop(timeout_seconds=PATIENCE_SECONDS)
        os._exit(0)
    wait_for_both(listener, child)


def test_fork_during_outbox_write_lets_child_write(
    mirror: TTSMirrorPublisher, listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = listen(TEXT_TOPIC)
    is_writing = threading.Event()
    add = outbox.add

    def add_slowly(utterances: Any, sender: str) -> None:
        with transaction.atomic():
            add(utterances, sender)
            is_writing.set()
            forking.wait(5)
            time.sleep(0.2)  # the fork either happens now or waits for this write
            was_forked.append(bool(forked))

    forking, was_forked, forked = threading.Event(), list[bool](), list[int]()
    monkeypatch.setattr(outbox, "add", add_slowly)
    mirror.publish_text("padre", source="chat")
    assert is_writing.wait(PATIENCE_SECONDS)
    monkeypatch.setattr(outbox, "add", add)
    forking.set()
    forked.append(os.fork())
    if forked == [0]:
        mirror.publish_text("hijo", source="chat")
        mirror.stop(timeout_seconds=PATIENCE_SECONDS)
        os._exit(0)
    wait_for_both(listener, forked[0])
    assert was_forked == [False]
    wait_until(lambda: not OutboxEntry.objects.exists(), "the confirmations")
