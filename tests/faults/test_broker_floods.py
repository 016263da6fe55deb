"""Strangers who flood the robots' port fill neither memory nor disk, and silence nobody."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from hive.broker.limits import MEMORY_BYTES, PACKET_BYTES, ROBOT_CONNECTIONS, STORE_BYTES
from tests.support.brokers import DEVELOPMENT, RunningBroker, broker_programs, run_broker
from tests.support.tools import Listener, wait_until

pytestmark = pytest.mark.faults
PROGRAMS = broker_programs()
CONNECT, PUBLISH_RETAINED = 0x10, 0x31
TEXT = "moxie/tts/text"
SHARE_BYTES = 8 * 1024**2
"""What one robot sends."""
PROGRAM_BYTES = 128 * 1024**2
"""More than a broker takes for itself."""


@pytest.fixture(params=PROGRAMS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningBroker]:
    with run_broker(PROGRAMS[request.param], tmp_path) as running:
        yield running


def text(words: str) -> bytes:
    return len(words).to_bytes(2, "big") + words.encode()


def packet(kind: int, body: bytes, *, announced: int = 0) -> bytes:
    """Return an MQTT packet; `announced` is the length in its header, if not that of its body."""
    rest, length = announced or len(body), bytearray()
    while True:
        rest, low = divmod(rest, 128)
        length.append(low | (128 if rest else 0))
        if not rest:
            return bytes([kind, *length]) + body


def stranger(broker: RunningBroker, client_id: str) -> ssl.SSLSocket:
    """Return the connection of a robot that has logged in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", broker.tls_port), 10))
    name_password_clean, keep_alive = b"\xc2", b"\0\x3c"
    login = text("MQTT") + b"\4" + name_password_clean + keep_alive
    login += text(client_id) + text("unknown") + text("token")
    connection.sendall(packet(CONNECT, login))
    assert connection.recv(4)[3] == 0
    return connection


def flood(broker: RunningBroker, megabytes: float, payload: bytes) -> None:
    """Leave retained messages, each on a topic of its own, until so much was sent."""
    number, left = 0, int(megabytes * 1024**2)
    while left > 0:
        client_id, share = f"d_{number}", min(left, SHARE_BYTES)
        left -= share
        with contextlib.suppress(OSError), stranger(broker, client_id) as connection:
            while share > 0:
                many = []
                for _ in range(max(1, 30_000 // (len(payload) + 30))):
                    number += 1
                    topic = text(f"/devices/{client_id}/events/{number}")
                    many.append(packet(PUBLISH_RETAINED, topic + payload))
                share -= len(data := b"".join(many))
                connection.sendall(data)


def memory(broker: RunningBroker) -> int:
    """Return the bytes of memory that the broker takes.

    0 if it has ended: Mosquitto 2.0.11 may crash at its limit, and then it is started again.
    """
    lines = Path(f"/proc/{broker.process.pid}/status").read_text().splitlines()
    taken = (int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))
    return next(taken, 0)


def assert_works(broker: RunningBroker) -> None:
    """Check that the speech service's account can log in, publish and hear."""
    account = ("speech", broker.password("speech"))
    listener = Listener(broker.port, TEXT, account=account)
    listener.publish(TEXT, "Hola")
    wait_until(lambda: listener.payloads(TEXT), "the message")
    listener.close()


def test_flood_of_connections_leaves_room_for_our_programs(broker: RunningBroker) -> None:
    with contextlib.ExitStack() as opened:
        for _number in range(ROBOT_CONNECTIONS + 50):
            # Beyond its limit Mosquitto closes a connection, and the development broker waits.
            with contextlib.suppress(OSError):
                made = socket.create_connection(("127.0.0.1", broker.tls_port), 2)
                opened.callback(made.close)
        assert_works(broker)
    wait_until(lambda: _is_let_in(broker), "a robot to be let in again")


def _is_let_in(broker: RunningBroker) -> bool:
    try:
        stranger(broker, "d_late").close()
    except (OSError, IndexError):
        return False
    return True


def test_oversized_packet_ends_its_connection(broker: RunningBroker) -> None:
    before = memory(broker)
    with stranger(broker, "d_big") as connection:
        topic = text("/devices/d_big/state")
        connection.sendall(packet(PUBLISH_RETAINED, topic, announced=200 * 1024**2))
        connection.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert memory(broker) - before < 20 * 1024**2
    with stranger(broker, "d_small") as connection:
        payload = b"x" * (PACKET_BYTES - 1_000)
        connection.sendall(packet(PUBLISH_RETAINED, text("/devices/d_small/state") + payload))
        connection.sendall(packet(0xC0, b""))
        assert connection.recv(2) == b"\xd0\0", "the largest packet was refused"


@pytest.mark.parametrize("size", [1, 200_000])
def test_flood_of_retained_messages_is_bounded(
    broker: RunningBroker, tmp_path: Path, size: int
) -> None:
    is_slow = broker.kind == DEVELOPMENT  # it takes in some 1,000 messages a second
    megabytes = {1: 1 / 32 if is_slow else 16, 200_000: 160}[size]
    flood(broker, megabytes, b"x" * size)
    if size > 1 or is_slow:  # small ones leave no room even for a login
        assert_works(broker)
    assert memory(broker) < MEMORY_BYTES + PROGRAM_BYTES
    broker.process.close()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < MEMORY_BYTES + PROGRAM_BYTES
    program = "" if is_slow else broker.kind
    with run_broker(program, tmp_path) as again:
        assert_works(again)
        assert memory(again) < PROGRAM_BYTES + STORE_BYTES
