"""A client of the robots' port reaches only its own topics, whatever its client id."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hive.broker.run import find_mosquitto
from hive.management.commands.broker_files import DATA, FILES
from tests.support.brokers import RecordingClient
from tests.support.tools import (
    Listener,
    answers,
    free_port,
    manage,
    run,
    running,
    wait_until,
)

VICTIM, HONEST = "d_victim", "d_honest"
FROM_ROBOT = ("state", "events/remote-chat", "events/client-service-activity-log", "events/zmq")
TO_ROBOT = (
    "config",
    "commands/telehealth",
    "commands/remote_chat",
    "commands/query_result",
    "commands/wakeup",
    "commands/zmq",
)
UNUSED = ("events/config", "events/state", "commands/config", "commands/state")
"""Topic levels that an id with a slash could turn into its own topic."""
KNOWN = {f"/devices/{VICTIM}/{name}" for name in FROM_ROBOT + TO_ROBOT}
SPEECH = "moxie/tts/status"
PLAIN = (HONEST, "d_", "moxie", f"{VICTIM} ", "%c", "%u", "$SYS")
"""Ids of one level, which own topics."""
INTRUDERS = (
    f"{VICTIM}/events",
    f"{VICTIM}/commands",
    f"{VICTIM}/config",
    f"{VICTIM}/state",
    f"{VICTIM}/events/remote-chat",
    f"{VICTIM}/commands/telehealth",
    f"{VICTIM}/commands/commands",
    f"{VICTIM}/",
    f"{VICTIM}//",
    f"{VICTIM}//commands",
    f"/{VICTIM}",
    f"/{VICTIM}/commands",
    f"../devices/{VICTIM}",
    f"{VICTIM}/../{VICTIM}",
    f"{VICTIM}/#",
    f"{VICTIM}/+",
    f"{VICTIM}/commands/#",
    "#",
    "+",
    "+/commands",
    "d_+",
    "",
    "/",
    "//",
    "%u/commands",
    "$SYS/broker",
    f"$share/x/{VICTIM}",
    *PLAIN,
)
FILTERS = ("#", "/#", "/devices/#", f"/devices/{VICTIM}/#", "/devices/+/+/+")
SUFFIXES = (*FROM_ROBOT, *TO_ROBOT, *UNUSED, "x", "")


def filters_of(client_id: str) -> list[str]:
    """Return the filters that a client with this id tries to subscribe."""
    if set("+#") & set(client_id):
        # No "$SYS/#": Mosquitto reports each denial on its log topic, and crashes
        # in an endless recursion if the report is denied to the same client.
        return list(FILTERS)
    return [*FILTERS, f"/devices/{client_id}/#", "$SYS/#"]


def topics_of(client_id: str) -> set[str]:
    """Return the topics that a client with this id tries to publish to."""
    own = {f"/devices/{client_id}/{suffix}" for suffix in SUFFIXES}
    return KNOWN | {topic for topic in own if not set("+#") & set(topic)}


def may_be_heard(topic: str) -> bool:
    """Return True if a robot or the hive subscribes to topics of this form."""
    return len(topic.split("/")) <= len(f"/devices/{VICTIM}/events/x".split("/"))


@dataclass
class Ports:
    """The ports of a running broker."""

    plain: int
    tls: int
    accounts: Path
    account: int = 0
    """The port for other computers."""


@contextmanager
def broker_of_the_command(work: Path, *options: str) -> Iterator[Ports]:
    ports = Ports(free_port(), free_port(), work / "broker" / "accounts" / "localhost")
    environment = {
        "MQTT_HOST": "localhost",
        "MQTT_PORT": str(ports.plain),
        "MQTT_SSL_PORT": str(ports.tls),
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
    }
    with running(manage("run_broker", *options), environment):
        wait_until(lambda: answers(ports.plain) and answers(ports.tls), "the broker")
        yield ports


@contextmanager
def broker_of_docker(work: Path) -> Iterator[Ports]:
    """Run Mosquitto with the files of Docker, with this machine's paths and ports."""
    ports = Ports(free_port(), free_port(), work / "accounts" / "mqtt", free_port())
    environment = {
        "MQTT_HOST": "mqtt",
        "MOXIE_WORK_DIR": str(work / "unused"),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
    }
    run(manage("broker_files", str(work)), environment)
    text = (work / "mosquitto.conf").read_text()
    for old, new in (
        (str(FILES), str(work)),
        (str(DATA), str(work)),
        ("listener 1883", f"listener {ports.plain} 127.0.0.1"),
        ("listener 8883", f"listener {ports.tls} 127.0.0.1"),
        ("listener 8884", f"listener {ports.account} 127.0.0.1"),
        ("persistence true", "persistence true\nuser root"),
    ):
        assert old in text
        text = text.replace(old, new)
    config = work / "mosquitto.conf"
    config.write_text(text)
    program = find_mosquitto()
    assert program
    with running([program, "-c", str(config)]):
        wait_until(lambda: answers(ports.plain) and answers(ports.tls), "the broker")
        yield ports


BROKERS: dict[str, Callable[[Path], object]] = {
    "mosquitto": broker_of_the_command,
    "docker": broker_of_docker,
    "development": lambda work: broker_of_the_command(work, "--development"),
}


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ports]:
    with BROKERS[request.param](tmp_path / "work") as ports:  # type: ignore[attr-defined]
        yield ports


class RobotClient(RecordingClient):
    """A client on the robots' port, with any id."""

    def __init__(self, port: int, client_id: str, *, will: str = "") -> None:
        # The user name stands for %u in the access rules.
        super().__init__(client_id, (VICTIM, "header.payload.signature"))
        if will:
            self.client.will_set(will, "forged", 1, retain=True)
        self.connect(port, tls=True)


@pytest.fixture
def everything(broker: Ports) -> Iterator[Listener]:
    """Return a local client that reaches all topics."""
    password = (broker.accounts / "tools").read_text()
    listener = Listener(broker.plain, "#", account=("tools", password))
    yield listener
    listener.close()


@pytest.fixture
def robots(broker: Ports) -> Iterator[Callable[..., RobotClient]]:
    """Make clients on the robots' port: robots("d_1", will="a topic")."""
    made: list[RobotClient] = []

    def make(client_id: str, *, will: str = "") -> RobotClient:
        made.append(RobotClient(broker.tls, client_id, will=will))
        return made[-1]

    yield make
    for each in made:
        each.close()


def subscribed(robot: RobotClient, device_id: str) -> RobotClient:
    robot.subscribe([f"/devices/{device_id}/config", f"/devices/{device_id}/commands/#"])
    return robot


def await_delivery(everything: Listener, robot: RobotClient, device_id: str) -> None:
    """Wait until everything published so far has been delivered."""
    mark = f"mark {uuid.uuid4()}".encode()
    everything.publish(f"/devices/{device_id}/commands/wakeup", mark)
    for heard in (robot.heard, everything.messages):
        wait_until(lambda h=heard: mark in [data for _t, data in list(h)], "the mark")  # type: ignore[misc]


def topics_with(heard: list[tuple[str, bytes]], payload: bytes) -> set[str]:
    return {topic for topic, data in list(heard) if data == payload}


def test_no_client_id_reaches_another_robot(
    everything: Listener, robots: Callable[..., RobotClient]
) -> None:
    victim = subscribed(robots(VICTIM), VICTIM)
    everything.publish(f"/devices/{VICTIM}/config", "private", retain=True)
    everything.publish(SPEECH, "private", retain=True)
    read: dict[str, set[str]] = {}
    for client_id in INTRUDERS:
        intruder = robots(client_id)
        if not intruder.is_let_in:
            continue
        intruder.subscribe(filters_of(client_id))
        intruder.publish(topics_of(client_id), "forged", retain=True)
        for name in (*TO_ROBOT, *UNUSED):
            everything.client.publish(f"/devices/{VICTIM}/{name}", "private", 1)
        victim.publish([f"/devices/{VICTIM}/{name}" for name in FROM_ROBOT], "private")
        await_delivery(everything, victim, VICTIM)
        if topics := topics_with(intruder.heard, b"private"):
            read[client_id] = topics
        intruder.close()
    assert topics_with(everything.messages, b"private") >= KNOWN | {SPEECH}
    assert not read
    late = robots(VICTIM)  # a new subscription triggers retained messages
    late.subscribe([f"/devices/{VICTIM}/#"])
    await_delivery(everything, late, VICTIM)
    assert not topics_with([*victim.heard, *late.heard], b"forged")
    forged = {topic for topic in topics_with(everything.messages, b"forged") if may_be_heard(topic)}
    assert f"/devices/{HONEST}/state" in forged  # its own topic shows that a delivery would be seen
    assert {topic.split("/")[2] for topic in forged} <= set(PLAIN)


def test_no_last_will_reaches_another_robot(
    everything: Listener, robots: Callable[..., RobotClient]
) -> None:
    victim = subscribed(robots(VICTIM), VICTIM)
    own = f"/devices/{HONEST}/events/gone"
    wills = [(f"{VICTIM}/commands", f"/devices/{VICTIM}/commands/state")]
    wills += [(HONEST, topic) for topic in sorted(KNOWN)]
    for client_id, topic in (*wills, (HONEST, own)):
        intruder = robots(client_id, will=topic)
        if intruder.is_let_in:
            intruder.vanish()
    wait_until(lambda: own in topics_with(everything.messages, b"forged"), "the robot's own will")
    await_delivery(everything, victim, VICTIM)
    assert topics_with(everything.messages, b"forged") == {own}
    assert not topics_with(victim.heard, b"forged")


def test_robot_reaches_all_its_own_topics(
    everything: Listener, robots: Callable[..., RobotClient]
) -> None:
    robot = subscribed(robots(HONEST), HONEST)
    robot.publish([f"/devices/{HONEST}/{name}" for name in FROM_ROBOT], "report")
    for name in TO_ROBOT:
        everything.publish(f"/devices/{HONEST}/{name}", "order")
    await_delivery(everything, robot, HONEST)
    here = f"/devices/{HONEST}/"
    assert topics_with(everything.messages, b"report") == {here + name for name in FROM_ROBOT}
    assert topics_with(robot.heard, b"order") == {here + name for name in TO_ROBOT}
