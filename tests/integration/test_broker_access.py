"""Each kind of client tries each door of each broker; a table says which ones are open."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.brokers import RecordingClient, RunningBroker, broker_programs, run_broker
from tests.support.tools import wait_until

VICTIM, HONEST = "d_victim", "d_honest"
DOORS = {
    "text": ("moxie/tts/text",),
    "status": ("moxie/tts/status",),
    "health": ("moxie/system/health/hive",),
    "home state": ("moxie/home_assistant/moxie_1/state",),
    "home command": ("moxie/home_assistant/moxie_1/set/say",),
    "home discovery": ("homeassistant/device/moxie_1/config",),
    "home birth": ("homeassistant/status",),
    "test": ("test",),
    "from the victim": (f"/devices/{VICTIM}/state", f"/devices/{VICTIM}/events/remote-chat"),
    "to the victim": (f"/devices/{VICTIM}/config", f"/devices/{VICTIM}/commands/telehealth"),
    "from itself": ("/devices/{id}/state", "/devices/{id}/events/remote-chat"),
    "to itself": ("/devices/{id}/config", "/devices/{id}/commands/telehealth"),
    "other": ("stranger/topic", "/devices/other"),
    "control": ("$CONTROL/dynamic-security/v1", "$SYS/broker/log/N"),
}
MOXIE = {"text", "status", "health", "home state", "home command"}
ROBOTS_TOPICS = {"from the victim", "to the victim", "from itself", "to itself"}
EVERYTHING = DOORS.keys() - {"control"}
FILTERS = (
    "#",
    "+/#",
    "/#",
    "moxie/#",
    "moxie/home_assistant/#",
    "moxie/system/health/+",
    "homeassistant/#",
    "homeassistant/status",
    "test",
    "/devices/#",
    "/devices/+/state",
    "/devices/+/events/+",
    "/devices/+/config",
    "/devices/+/commands/+",
    f"/devices/{VICTIM}/#",
    "$CONTROL/#",
    "$SYS/#",
    "$SYS/broker/log/#",
)
SYS = "$SYS"
LONG = f"d_{'x' * 65_000}"


@dataclass(frozen=True)
class Kind:
    """A kind of client, and the doors that are open to it."""

    name: str
    writes: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    username: str = ""
    password: str = ""
    """Empty: the one that the broker made for this name."""
    client_id: str = "d_local"
    tls: bool = False
    refused: bool = False
    may_be_refused: bool = False


def robot(
    client_id: str, username: str = "unknown", *, honest: bool = False, may_be_refused: bool = False
) -> Kind:
    """Return a client of the robots' port, which reads and writes its own topics at most."""
    return Kind(
        f"robot {client_id[:20]!r} as {username!r}",
        {"from itself"} if honest else set(),
        {"to itself"} if honest else set(),
        username,
        "header.payload.signature",
        client_id,
        tls=True,
        may_be_refused=may_be_refused or not honest,
    )


KINDS = [
    Kind("anonymous", {*MOXIE, "test"}, {*MOXIE, "test", SYS}),
    Kind("speech", {*MOXIE, "home discovery"}, {*MOXIE, "home birth", SYS}, "speech"),
    Kind(
        "hive",
        {*MOXIE, "to the victim", "to itself"},
        {*MOXIE, "from the victim", "from itself", SYS},
        "hive",
    ),
    Kind(
        "homeassistant",
        {"text", "home command", "home discovery", "home birth"},
        {"health", "home state", "home command", "home discovery", "home birth"},
        "homeassistant",
    ),
    Kind("tools", set(EVERYTHING), {*EVERYTHING, SYS}, "tools"),
    Kind("wrong password", username="hive", password="wrong", refused=True),
    Kind("unknown account", username="mallory", password="x", refused=True),
    robot(HONEST, honest=True),
    robot("d_nameless", "", honest=True),
    # An account opens nothing at the robots' port, where no password is checked.
    *(robot(HONEST, name, honest=True) for name in ("hive", VICTIM)),
    # Mosquitto cannot refuse an id of one level. It has topics of its own, which the hive ignores.
    robot("$SYS", honest=True, may_be_refused=True),
    *(
        robot(client_id)
        for client_id in (
            f"{VICTIM}/commands",
            f"{VICTIM}/events",
            f"{VICTIM}/",
            f"{VICTIM}/+",
            "#",
            "+",
            "$SYS/broker",
            "",
            LONG,
        )
    ),
    robot("#", ""),
]


class Client(RecordingClient):
    """A client of one kind."""

    def __init__(self, broker: RunningBroker, kind: Kind, *, will: str = "") -> None:
        login = None
        if kind.username:
            login = kind.username, kind.password or broker.password(kind.username)
        super().__init__(kind.client_id, login)
        if will:
            self.client.will_set(will, f"will of {kind.name}", 1)
        self.connect(broker.tls_port if kind.tls else broker.port, tls=kind.tls)

    def hears(self, topic: str, payload: str) -> bool:
        return (topic, payload.encode()) in list(self.heard)

    def topics(self, payload: str) -> set[str]:
        return {topic for topic, data in list(self.heard) if data == payload.encode()}


PROGRAMS = broker_programs()
WITNESS = next(kind for kind in KINDS if kind.name == "tools")


@pytest.fixture(scope="module", params=PROGRAMS)
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningBroker]:
    with run_broker(PROGRAMS[request.param], tmp_path_factory.mktemp("work")) as running:
        yield running


@pytest.fixture
def witness(broker: RunningBroker) -> Iterator[Client]:
    """Return a client that hears everything."""
    kind = Kind("witness", username="tools", client_id="witness")
    made = Client(broker, kind)
    made.subscribe(["#"])
    yield made
    made.close()


def topics(kind: Kind, doors: Iterable[str]) -> set[str]:
    """Return the topics behind some doors, without those that no client may publish to."""
    named = {each.format(id=kind.client_id) for door in doors for each in DOORS.get(door, ())}
    return {each for each in named if not set("+#") & set(each) and len(each) < 1_000}


def wills(kind: Kind) -> list[str]:
    """Return a topic behind each door."""
    return [min(found) for door in DOORS if (found := topics(kind, [door]))]


def await_delivery(witness: Client, kind: Kind) -> None:
    """Wait until all that was published so far was delivered."""
    mark = f"mark {kind.name}"
    witness.publish(["stranger/mark"], mark)
    wait_until(lambda: witness.hears("stranger/mark", mark), "the mark")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_client_opens_its_own_doors_only(
    broker: RunningBroker, witness: Client, kind: Kind
) -> None:
    client = Client(broker, kind)
    if not client.is_let_in:
        client.close()
        assert kind.refused or kind.may_be_refused
        return
    assert not kind.refused
    client.subscribe([*FILTERS, *topics(kind, ["to itself"])])
    plain, words, private = topics(kind, EVERYTHING), f"from {kind.name}", f"for {kind.name}"
    readable, writable = topics(kind, kind.reads), topics(kind, kind.writes)
    client.publish(plain, words)
    witness.publish(plain, private)
    wait_until(lambda: readable <= client.topics(private), "what it may read")
    wait_until(lambda: writable <= witness.topics(words), "what it may write")
    if SYS in kind.reads:
        wait_until(lambda: any(topic.startswith(SYS) for topic, _ in client.heard), SYS)
    for topic in DOORS["control"]:
        client.client.publish(topic, words)  # the development broker ends the connection
    for topic in wills(kind):
        doomed = Client(broker, kind, will=topic)
        if doomed.is_let_in:
            doomed.vanish()
        doomed.close()
    will = f"will of {kind.name}"
    willed = writable & set(wills(kind))
    wait_until(lambda: willed <= witness.topics(will), "the last wills")
    await_delivery(witness, kind)
    client.close()
    assert witness.topics(words) == writable
    assert witness.topics(will) == willed
    assert client.topics(private) == readable
    assert not client.topics(will) - readable
    assert SYS in kind.reads or not [topic for topic, _ in client.heard if topic.startswith(SYS)]


def test_anonymous_clients_can_be_shut_out(broker: RunningBroker, tmp_path: Path) -> None:
    program = "" if broker.kind == "development" else broker.kind
    with run_broker(program, tmp_path, MQTT_ANONYMOUS="0") as closed:
        anonymous = Client(closed, KINDS[0])
        assert not anonymous.is_let_in
        anonymous.close()
        known = Client(closed, WITNESS)
        assert known.is_let_in
        known.close()


def test_plain_port_answers_this_computer_only(broker: RunningBroker) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it finds the address of the network card
        address = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("this computer has no network")
    with pytest.raises(OSError):
        socket.create_connection((address, broker.port), 2)


def test_passwords_are_readable_by_their_owner_only(broker: RunningBroker) -> None:
    files = [path for path in (broker.work / "broker").rglob("*") if path.is_file()]
    assert {"hive", "speech", "tools", "key.pem", "ca-key.pem"} <= {path.name for path in files}
    assert not [path for path in files if path.stat().st_mode & 0o077]
