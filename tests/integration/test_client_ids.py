"""Clients of the robots' port cannot evict the hive or the speech service."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import Mock

import pytest

from hive.broker.mosquitto_config import write_config
from hive.mqtt import robot_link
from hive.mqtt.moxie_server import MoxieServer
from tests.support.hive import connected_hive
from tests.support.tools import (
    PATIENCE_SECONDS,
    Listener,
    Robot,
    answers,
    free_port,
    running,
    wait_until,
)
from ttsmirror.wire.messages import HEALTH_TOPIC
from ttsmonitor.intake import subscriber
from ttsmonitor.intake.inbox import Stored
from ttsmonitor.intake.subscriber import Subscriber

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Ports:
    plain: int
    robots: int


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ports]:
    """Run Mosquitto as run_broker does: a plain port for services, a TLS port for robots."""
    ports = Ports(free_port(), free_port())
    monkeypatch.setenv("MQTT_HOST", "127.0.0.1")
    monkeypatch.setenv("MQTT_PORT", str(ports.plain))
    directory = tmp_path / "broker"
    config = write_config(directory, host="127.0.0.1", port=ports.plain, tls_port=ports.robots)
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    with running([program, "-c", str(config)]):
        wait_until(lambda: answers(ports.plain) and answers(ports.robots), "the broker")
        yield ports


def come_as(ports: Ports, client_id: str) -> None:
    """Connect to the robots' port with a clean session, and disconnect."""
    Robot(ports.robots, client_id).close()


@contextmanager
def subscribed(stored: list[Stored]) -> Iterator[Subscriber]:
    """Run the speech service's subscriber."""
    made = Subscriber(on_stored=stored.extend, on_gap=Mock(), on_control=Mock(), health=Mock())
    made.start()
    try:
        assert made.connection.wait_ready(PATIENCE_SECONDS)
        yield made
    finally:
        made.stop()
        made.connection.stop()


@pytest.fixture
def hive(broker: Ports) -> Iterator[MoxieServer]:
    with connected_hive() as made:
        yield made


@pytest.fixture
def somebody(broker: Ports) -> Iterator[Listener]:
    """Return a client on the local port."""
    made = Listener(broker.plain, HEALTH_TOPIC)
    yield made
    made.close()


def test_robot_port_client_cannot_evict_the_speech_service(
    broker: Ports, somebody: Listener
) -> None:
    stored: list[Stored] = []
    with subscribed(stored) as service:
        come_as(broker, subscriber.CLIENT_NAME)
        somebody.publish("moxie/tts/text", "Hola")
        wait_until(lambda: len(stored) == 1, "the sentence")
        assert service.connection.number == 1, "it was thrown out"
    come_as(broker, subscriber.CLIENT_NAME)
    somebody.publish("moxie/tts/text", "Mientras no estabas")
    with subscribed(stored):
        wait_until(lambda: len(stored) == 2, "what came while it was away")


def test_robot_port_client_cannot_evict_the_hive(
    broker: Ports, hive: MoxieServer, somebody: Listener
) -> None:
    come_as(broker, robot_link.CLIENT_NAME)
    somebody.publish(HEALTH_TOPIC, '{"type": "ping", "id": "1", "component": "test"}')
    wait_until(lambda: b'"pong"' in b"".join(somebody.payloads(HEALTH_TOPIC)), "its answer")
    connection = hive._link._connection
    assert connection is not None and connection.number == 1, "it was thrown out"
