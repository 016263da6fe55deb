"""`manage.py run_broker` as a process, with and without Mosquitto."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from hive.broker.run import find_mosquitto
from tests.support.tools import (
    PATIENCE_SECONDS,
    Listener,
    Process,
    Robot,
    answers,
    free_port,
    manage,
    wait_until,
)

KINDS = ("mosquitto", "development")


@dataclass
class Started:
    """A broker that run_broker started."""

    kind: str
    port: int
    tls_port: int
    work: Path
    environment: dict[str, str]
    process: Process | None = None

    def start(self, **environment: str) -> Process:
        options = ["--development"] if self.kind == "development" else []
        self.process = Process(manage("run_broker", *options), self.environment | environment)
        wait_until(lambda: answers(self.port) and answers(self.tls_port), "the broker")
        # It listens before it handles signals, so wait until it answers a client.
        Listener(self.port).close()
        return self.process


@contextmanager
def run_broker(kind: str, work: Path) -> Iterator[Started]:
    if kind == "mosquitto" and not find_mosquitto():
        pytest.skip("mosquitto is not installed")
    port, tls_port = free_port(), free_port()
    environment = {
        "MQTT_HOST": "localhost",
        "MQTT_PORT": str(port),
        "MQTT_SSL_PORT": str(tls_port),
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
    }
    broker = Started(kind, port, tls_port, work, environment)
    try:
        broker.start()
        yield broker
    finally:
        if broker.process is not None:
            broker.process.close()


@pytest.fixture(scope="module", params=KINDS)
def started(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    """Run one broker of each kind for the tests that leave it running."""
    with run_broker(request.param, tmp_path_factory.mktemp("work") / "a work directory") as broker:
        yield broker


@pytest.fixture(params=KINDS)
def own_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Started]:
    """Run a broker that the test may end."""
    with run_broker(request.param, tmp_path / "a work directory") as broker:
        yield broker


@pytest.fixture
def listen(started: Started) -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def make(*topics: str, client_id: str = "", name: str = "") -> Listener:
        path = started.work / "broker" / "accounts" / "localhost" / name
        account = (name, path.read_text()) if name else None
        made.append(Listener(started.port, *topics, client_id=client_id, account=account))
        return made[-1]

    yield make
    for listener in made:
        listener.close()


def durable(port: int, topic: str) -> tuple[paho.Client, list[bytes]]:
    """Return a subscribed client with a durable session, and the list it fills."""
    received: list[bytes] = []
    ready = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="durable", clean_session=False)
    client.on_connect = lambda c, *_: c.subscribe(topic, 1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, message: received.append(bytes(message.payload))
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(PATIENCE_SECONDS)
    return client, received


def leave(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()


def test_published_message_is_delivered(started: Started, listen: Callable[..., Listener]) -> None:
    hearer = listen("moxie/+/+")
    listen().publish("moxie/tts/text", "¡Hola!")
    wait_until(lambda: hearer.payloads("moxie/tts/text") == ["¡Hola!".encode()], "the message")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_broker_stops_cleanly_on_signal(own_broker: Started, number: signal.Signals) -> None:
    assert own_broker.process is not None
    own_broker.process.signal(number)
    assert own_broker.process.wait() == 0
    assert not answers(own_broker.port)
    assert "Traceback" not in own_broker.process.output


def test_connects_and_disconnects_are_logged(
    started: Started, listen: Callable[..., Listener]
) -> None:
    hearer = listen("$SYS/broker/log/N")

    def told(words: str) -> bool:
        return any(words in line.decode() for line in hearer.payloads("$SYS/broker/log/N"))

    robot = Robot(started.tls_port, "d_1")
    wait_until(lambda: told(" as d_1 ("), "the connect")
    assert told("New client connected from 127.0.0.1:")
    robot.close()
    wait_until(
        lambda: told("Client d_1 closed its connection.") or told("Client d_1 disconnected."),
        "the disconnect",
    )


def test_message_waits_for_a_durable_client(
    started: Started, listen: Callable[..., Listener]
) -> None:
    hearer = listen("$SYS/broker/log/N")
    client, _received = durable(started.port, "moxie/tts/text")
    leave(client)
    wait_until(lambda: any(b"Client durable " in line for _t, line in hearer.messages), "the leave")
    witness = listen("moxie/tts/text")
    listen().publish("moxie/tts/text", "while you were out")
    wait_until(lambda: witness.messages, "the broker to pass the message on")
    client, received = durable(started.port, "moxie/tts/text")
    wait_until(lambda: received == [b"while you were out"], "the waiting message")
    leave(client)


def test_retained_message_and_a_last_will_are_kept(
    started: Started, listen: Callable[..., Listener]
) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="fragile")
    client.will_set("moxie/system/health/x", "offline", 1, retain=True)
    client.connect("127.0.0.1", started.port)
    client.loop_start()
    client.publish("moxie/system/health/x", "online", 1, retain=True).wait_for_publish(10)
    first = listen("moxie/system/health/x")
    wait_until(lambda: first.payloads("moxie/system/health/x") == [b"online"], "the birth")
    transport = client.socket()
    assert transport is not None
    client.loop_stop()
    transport.close()  # no DISCONNECT, so that the broker publishes the last will
    wait_until(lambda: b"offline" in first.payloads("moxie/system/health/x"), "the last will")
    second = listen("moxie/system/health/x")
    wait_until(lambda: second.payloads("moxie/system/health/x") == [b"offline"], "the retained")


@pytest.mark.parametrize("started", ["mosquitto"], indirect=True)
def test_robot_reaches_only_its_own_topics(
    started: Started, listen: Callable[..., Listener]
) -> None:
    hearer = listen("#", name="tools")
    robot = Robot(started.tls_port, "d_1")
    robot.client.subscribe([("#", 1), ("/devices/d_1/commands/#", 1), ("/devices/d_2/#", 1)])
    robot.client.publish("moxie/tts/text", "intruder", 1).wait_for_publish(10)
    robot.client.publish("/devices/d_2/events/x", "intruder", 1).wait_for_publish(10)
    robot.client.publish("/devices/d_1/events/x", "mine", 1).wait_for_publish(10)
    publisher = listen(name="tools")
    publisher.publish("moxie/tts/text", "private")
    publisher.publish("/devices/d_2/commands/x", "another's")
    publisher.publish("/devices/d_1/commands/telehealth", "speak")
    wait_until(lambda: "/devices/d_1/commands/telehealth" in robot.received, "the robot's command")
    wait_until(lambda: hearer.payloads("/devices/d_1/commands/telehealth"), "the last message")
    assert all(topic.startswith("/devices/d_1/") for topic in robot.received), robot.received
    assert b"intruder" not in [payload for _topic, payload in hearer.messages]
    assert hearer.payloads("/devices/d_1/events/x") == [b"mine"]
    robot.close()


@pytest.mark.parametrize("own_broker", ["mosquitto"], indirect=True)
def test_queued_message_survives_a_broker_restart(own_broker: Started) -> None:
    client, _received = durable(own_broker.port, "moxie/tts/text")
    leave(client)
    publisher = Listener(own_broker.port)
    publisher.publish("moxie/tts/text", "kept")
    publisher.close()
    assert own_broker.process is not None
    own_broker.process.close()
    own_broker.start()
    client, received = durable(own_broker.port, "moxie/tts/text")
    wait_until(lambda: received == [b"kept"], "the kept message")
    leave(client)


@pytest.mark.parametrize("started", ["development"], indirect=True)
def test_development_broker_announces_its_kind(
    started: Started, listen: Callable[..., Listener]
) -> None:
    hearer = listen("moxie/system/health/broker")
    wait_until(lambda: hearer.messages, "the retained message")
    assert json.loads(hearer.messages[0][1])["kind"] == "development"
    assert started.process is not None
    started.process.wait_for_line("development broker")


def test_clients_without_the_account_are_refused(own_broker: Started) -> None:
    assert own_broker.process is not None
    own_broker.process.close()
    own_broker.start(MQTT_USERNAME="moxie", MQTT_PASSWORD="geheim ñ")
    assert connect_code(own_broker.port, "", "") != 0
    assert connect_code(own_broker.port, "moxie", "wrong") != 0
    assert connect_code(own_broker.port, "moxie", "geheim ñ") == 0
    robot = Robot(own_broker.tls_port, "d_1")  # robots have no account at the broker
    assert robot.client.is_connected()
    robot.close()


def connect_code(port: int, username: str, password: str) -> int:
    """Return the broker's CONNACK code for this account; 0 means accepted."""
    answer: list[int] = []
    done = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2)
    if username:
        client.username_pw_set(username, password)

    def connected(*arguments: object) -> None:
        reason = arguments[3]
        answer.append(getattr(reason, "value", -1))
        done.set()

    client.on_connect = connected
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert done.wait(PATIENCE_SECONDS)
    leave(client)
    return answer[0]


def test_taken_port_ends_with_one_error_line(started: Started, tmp_path: Path) -> None:
    elsewhere = started.environment | {"MOXIE_WORK_DIR": str(tmp_path / "elsewhere")}
    second = Process(manage("run_broker"), elsewhere)
    assert second.wait() == 1
    assert second.lines[-1].startswith("CommandError: Port ")
    assert "MQTT_PORT" in second.lines[-1]
    assert "Traceback" not in second.output
    second.close()


@pytest.mark.parametrize("started", ["development"], indirect=True)
def test_retained_message_reaches_only_its_subscribers(
    started: Started, listen: Callable[..., Listener]
) -> None:
    first = listen("moxie/#")
    first.publish("moxie/system/health/x", "online", retain=True)
    other = listen("moxie/tts/text")
    other.publish("moxie/tts/text", "last")
    wait_until(lambda: other.payloads("moxie/tts/text"), "the last message")
    assert [topic for topic, _payload in other.messages] == ["moxie/tts/text"]
