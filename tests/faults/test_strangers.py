"""Publishers that contradict themselves or whose clock is wrong harm nobody."""

from __future__ import annotations

import json
import uuid
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client, override_settings

from hive.mqtt.mqtt_tts_mirror import TTSMirrorPublisher
from tests.conftest import Broker
from tests.support.history import wait_for
from tests.support.tools import Listener, wait_until
from ttsmirror.models import Utterance
from ttsmirror.publishing import outbox, outgoing
from ttsmirror.wire.messages import Chunk
from ttsmonitor.management.commands.say import words
from ttsmonitor.models import QuarantinedMessage
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"


def test_other_text_with_same_id_is_quarantined_and_shown(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    service, sender, utterance_id = make_service("null"), listen(), str(uuid.uuid4())
    for text in ("La primera", "La segunda", "La primera"):
        sender.publish(TEXT_TOPIC, json.dumps({"id": utterance_id, "text": text}))
    sender.publish(TEXT_TOPIC, "La última")
    wait_for("La primera", Status.SPOKEN)
    wait_for("La última", Status.SPOKEN)
    assert Utterance.objects.count() == 2
    refused = QuarantinedMessage.objects.get()
    assert "La segunda" in bytes(refused.payload).decode()
    assert f"utterance {utterance_id} came before with another text" in refused.reason
    wait_until(
        lambda: any("came before with another text" in each["text"] for each in service.activity()),
        "the line in the activity",
    )


def message(text: str, seconds_behind: float, **fields: Any) -> str:
    """Return a message of a robot whose clock is wrong."""
    clock = datetime.now(UTC) - timedelta(seconds=seconds_behind)
    return json.dumps({"text": text, "timestamp": clock.isoformat(), "device_id": "d_1"} | fields)


def test_publisher_with_a_wrong_clock_is_heard_and_named(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    service, sender = make_service("null"), listen()
    offsets = {"d_1": 300, "d_2": -300, "d_3": 3600, "d_4": -3600, "d_5": 0, "d_6": 7 * 3600}
    for device_id, seconds in offsets.items():
        sender.publish(TEXT_TOPIC, message(f"Soy {device_id}", seconds, device_id=device_id))
    local = datetime.now() - timedelta(hours=5)  # without a zone, and of another one
    sender.publish(TEXT_TOPIC, json.dumps({"text": "Aquí", "timestamp": local.isoformat()}))
    for device_id in offsets:
        wait_for(f"Soy {device_id}", Status.SPOKEN)
    wait_for("Aquí", Status.SPOKEN)
    minutes = {name: round(seconds / 60) for name, seconds in service.health()["clocks"].items()}
    named = {name: each for name, each in minutes.items() if each}  # a late message is no clock
    assert named == {"d_1": 5, "d_2": -5, "d_3": 60, "d_4": -60, "d_6": 420} | (
        {"system": named["system"]} if "system" in named else {}
    )
    lines = [each["text"] for each in service.activity()]
    assert any("the clock of d_3 is 36" in line and "behind" in line for line in lines)
    assert not any("the clock of d_5" in line for line in lines)


@pytest.mark.parametrize("seconds", [0, 3600, -3600])
def test_what_waited_at_the_broker_is_spoken_only_if_fresh(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    seconds: int,
) -> None:
    sender = listen()
    service = make_service("null")
    sender.publish(TEXT_TOPIC, message("Primera", seconds))
    wait_for("Primera", Status.SPOKEN)
    service.stop()
    sender.publish(TEXT_TOPIC, message("Vieja", seconds + 300))
    sender.publish(TEXT_TOPIC, message("Reciente", seconds + 10))
    service = make_service("null")
    wait_for("Vieja", Status.EXPIRED)
    wait_for("Reciente", Status.SPOKEN)
    sender.publish(TEXT_TOPIC, message("Ahora", 5_000))
    wait_for("Ahora", Status.SPOKEN)


def test_outdated_outbox_of_a_wrong_clock_is_not_spoken(
    make_service: Callable[..., SpeechService],
    mirror: TTSMirrorPublisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    behind = datetime.now(UTC) - timedelta(hours=1)
    for text, seconds in (("Vieja", 300), ("Reciente", 5)):
        said = behind - timedelta(seconds=seconds)
        utterance = Chunk(utterance_id=uuid.uuid4(), text=text, published_at=said)
        outbox.add([utterance])
    clock = SimpleNamespace(now=lambda zone: datetime.now(zone) - timedelta(hours=1))
    monkeypatch.setattr(outgoing, "datetime", clock)
    make_service("null")
    mirror.start()
    wait_for("Vieja", Status.EXPIRED)
    wait_for("Reciente", Status.SPOKEN)


def test_impossible_time_is_quarantined(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener]
) -> None:
    make_service("null")
    sender = listen()
    times = [f"{year}-12-31T23:59:59" for year in ("0001", "1900", "2200", "9999")]
    times = [f"{each}{zone}" for each in times for zone in ("Z", "+14:00", "-12:00", "")]
    for each in times:
        sender.publish(TEXT_TOPIC, json.dumps({"text": "De otro siglo", "timestamp": each}))
    sender.publish(TEXT_TOPIC, "La última")
    wait_for("La última", Status.SPOKEN)
    refused = QuarantinedMessage.objects.filter(reason__startswith="timestamp is")
    assert refused.count() == len(times)
    assert Utterance.objects.count() == 1


@pytest.fixture
def unlimited(mosquitto: Broker) -> None:
    """Let the broker take messages of any size, as one that we did not configure may do."""
    lines = mosquitto.config.read_text().splitlines(keepends=True)
    mosquitto.config.write_text("".join(each for each in lines if "max_packet_size" not in each))
    mosquitto.process.close()
    mosquitto.start()


@pytest.mark.usefixtures("unlimited")
def test_text_of_five_megabytes_is_refused_at_every_door(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    mirror: TTSMirrorPublisher,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MOXIE_REQUIRE_LOGIN", "0")
    make_service("null")
    huge = "Uno dos. " * 600_000
    sender = listen()
    sender.publish(TEXT_TOPIC, huge)
    sender.publish(TEXT_TOPIC, json.dumps({"text": huge}))
    with pytest.raises(ArgumentTypeError, match="20000 characters at most"):
        words(huge)
    for path in ("/api/say", "/api/loudspeaker/speak"):
        site = "openmoxie.urls_monitor" if path == "/api/say" else "openmoxie.urls"
        with override_settings(ROOT_URLCONF=site):
            answer = client.post(path, {"text": huge}, content_type="application/json")
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
    mirror.publish_text(huge, source="chat", ttl=0)
    wait_until(lambda: Utterance.objects.filter(status=Status.EXPIRED).exists(), "its beginning")
    assert Utterance.objects.count() == 1
    assert len(Utterance.objects.get().text) < 20_000
    assert QuarantinedMessage.objects.filter(reason__contains="at most 65536").count() == 2
    assert len([line for line in caplog.messages if "over the limit" in line]) == 1
