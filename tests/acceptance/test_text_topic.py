"""Subscribers of exactly the specification's topic hear the robot."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.support.history import history_of
from tests.support.tools import (
    Listener,
    Process,
    get_json,
    manage,
    running,
    wait_until,
)

TOPIC = "moxie/tts/text"
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
WATCH = 'exec mosquitto_sub -h localhost -p {port} -t "{topic}" -v'
READY = "ready"
OWN_WORDS = "Había una vez un robot"

Install = Callable[..., dict[str, str]]


def watch(broker: Broker, sender: Listener, topic: str) -> Process:
    """Start the specification's `mosquitto_sub` and wait until it receives a message."""
    process = Process(["bash", "-c", WATCH.format(port=broker.port, topic=topic)])

    def hears() -> bool:
        sender.publish(topic.replace("+", DEVICE), READY)
        return READY in process.output

    wait_until(hears, "its subscription")
    return process


@pytest.fixture
def on_topic(mosquitto: Broker, listen: Callable[..., Listener]) -> Iterator[Process]:
    """Subscribe to exactly the specification's topic."""
    with closing(watch(mosquitto, listen(), TOPIC)) as process:
        yield process


@pytest.fixture
def below_topic(mosquitto: Broker, listen: Callable[..., Listener]) -> Iterator[Process]:
    """Subscribe to the topics of individual robots."""
    with closing(watch(mosquitto, listen(), f"{TOPIC}/+")) as process:
        yield process


def heard(process: Process) -> list[tuple[str, dict[str, Any]]]:
    """Return topic and JSON of each utterance that was printed; it may have been sent again."""
    lines = [line.partition(" ") for line in list(process.lines)]
    messages = [(topic, json.loads(payload)) for topic, _, payload in lines if payload != READY]
    return list({(topic, fields["id"]): (topic, fields) for topic, fields in messages}.values())


def say_through_robot(install: Install, broker: Broker, **settings: str) -> None:
    """Let a robot report its own speech, and wait until it is stored and confirmed."""
    environment = install(DEBUG="1", TTS_ENGINE="espeak", TTS_AUDIO="null", **settings)
    robot = VirtualMoxie(DEVICE, broker.host, broker.port, tls=False)
    with (
        running(manage("run_tts_subscriber"), environment) as speech,
        running(manage("run_hive"), environment) as hive,
    ):
        speech.wait_for_line("connected to the broker")
        hive.wait_for_line("hive ready at")
        # Without a subscription the broker keeps no report for the hive.
        health = f"http://127.0.0.1:{environment['HIVE_PORT']}/health"
        wait_until(lambda: get_json(health)["ok"], "its subscription")
        try:
            robot.start()
            robot.wait_for(lambda robot: robot.is_connected)
            robot.say_own(OWN_WORDS)
            wait_until(lambda: (OWN_WORDS, "spoken", "") in history_of(environment), "its end")
        finally:
            robot.stop()
    assert [text for text, _status, _error in history_of(environment)] == [OWN_WORDS]


def test_subscriber_to_exact_topic_hears_robot(
    install: Install, mosquitto: Broker, on_topic: Process, below_topic: Process
) -> None:
    say_through_robot(install, mosquitto)

    ((topic, fields),) = wait_until(lambda: heard(on_topic), "the sentence")
    assert topic == TOPIC
    assert (fields["text"], fields["device_id"]) == (OWN_WORDS, DEVICE)
    assert heard(below_topic) == []


def test_topic_per_device_is_an_option(
    install: Install, mosquitto: Broker, on_topic: Process, below_topic: Process
) -> None:
    say_through_robot(install, mosquitto, MQTT_TOPIC_PER_DEVICE="1")

    ((topic, fields),) = wait_until(lambda: heard(below_topic), "the sentence")
    assert topic == f"{TOPIC}/{DEVICE}"
    assert (fields["text"], fields["device_id"]) == (OWN_WORDS, DEVICE)
    assert heard(on_topic) == []
