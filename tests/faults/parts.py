"""Parts of the fault tests: brokers, a cutting proxy, a speech service without a voice."""

from __future__ import annotations

import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO

from django.db import connection

from hive.broker.access import Account
from hive.broker.mosquitto_config import write_config
from tests.conftest import Broker
from tests.support.tools import free_port, wait_until
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.wire.messages import status_payload
from ttsmonitor.intake.inbox import Stored
from ttsmonitor.intake.subscriber import COMPONENT, Subscriber

EVERYTHING = "topic readwrite #\ntopic read $SYS/#\n"
CONNACK, PUBLISH, PUBACK = 2, 3, 4
"""Kinds of MQTT packets."""


@contextmanager
def product_broker(directory: Path, *, username: str = "", password: str = "") -> Iterator[Broker]:
    """Run a Mosquitto as run_broker configures it; it saves to disk every half minute.

    Without an account its plain port is open to everybody, simulated robots included.
    """
    port = free_port()
    config = write_config(
        directory,
        host="127.0.0.1",
        port=port,
        tls_port=free_port(),
        account=Account(username, password),
    )
    if not username:
        open_to_everybody(config)
    broker = Broker("127.0.0.1", port, None, config)  # type: ignore[arg-type]
    broker.start()
    try:
        yield broker
    finally:
        broker.process.close()


def open_to_everybody(config: Path) -> None:
    """Let clients with any user name reach every topic of the plain port."""
    text = config.read_text().replace(f"password_file {config.parent / 'passwords'}\n", "")
    config.write_text(text)
    config.with_name("local.acl").write_text(f"{EVERYTHING}user unknown\n{EVERYTHING}")


def kill(broker: Broker) -> None:
    """Kill it with SIGKILL: it saves nothing and publishes no goodbye."""
    broker.process.signal(signal.SIGKILL)
    broker.process.wait()
    broker.process.close()


@contextmanager
def frozen(broker: Broker) -> Iterator[None]:
    """Freeze it: connections stay open, the kernel accepts new ones, nothing answers."""
    broker.process.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        broker.process.signal(signal.SIGCONT)


@contextmanager
def speech_service() -> Iterator[Subscriber]:
    """Run only the subscriber of the speech service: it stores and confirms, but does not speak."""

    def confirm(stored: list[Stored]) -> None:
        for each in stored:
            if each.is_complete:
                payload = status_payload(
                    status="idle",
                    current_text="",
                    queue_size=0,
                    component=COMPONENT,
                    event="stored",
                    utterance={"id": str(each.utterance.pk)},
                )
                made.publish_status(payload)

    made = Subscriber(
        on_stored=confirm,
        on_gap=lambda utterance: None,
        on_control=lambda control: None,
        health=lambda: {"ok": True, "checks": {}},
    )
    made.start()
    try:
        wait_until(lambda: made.connection.is_ready, "the subscription")
        yield made
    finally:
        made.stop()
        made.connection.stop()


def history() -> list[str]:
    """Return the stored texts in order of arrival."""
    return list(Utterance.objects.order_by("received_at").values_list("text", flat=True))


def kept() -> list[str]:
    """Return the texts in the outbox."""
    return [entry.payload["text"] for entry in OutboxEntry.objects.order_by("created_at")]


@contextmanager
def locked_database() -> Iterator[None]:
    """Hold a write lock from another connection within the block."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


class Proxy:
    """A TCP proxy between client and broker that can drop packets."""

    def __init__(self, broker: Broker) -> None:
        self.withheld: set[int] = set()
        """Kinds of the broker's packets that are withheld from clients."""
        self.seen: list[int] = []
        """Kinds of packets that the broker sent."""
        self.sent: list[int] = []
        """Kinds of packets that clients sent."""
        self._broker = broker
        self._dead: set[socket.socket] = set()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._begin(self._accept)

    def wait_for(self, kind: int, count: int = 1) -> None:
        """Wait until the broker has sent this many packets of this kind."""
        wait_until(lambda: self.seen.count(kind) >= count, f"a packet of kind {kind}")

    def cut(self) -> None:
        """Drop every connection at once, without DISCONNECT."""
        while self._sockets:
            with self._sockets.pop() as connection:
                _shut(connection)

    def drop_packets(self) -> None:
        """Forward nothing more over the connections that are open now, and keep them open."""
        self._dead.update(self._sockets)

    def close(self) -> None:
        _shut(self._server)
        self._server.close()
        self.cut()
        for thread in self._threads:
            thread.join(5)

    def _begin(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _address = self._server.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection((self._broker.host, self._broker.port))
            except OSError:
                client.close()  # as a broker that is away does
                continue
            self._sockets += [client, broker]
            self._begin(self._carry, client, broker, self.sent, set[int]())
            self._begin(self._carry, broker, client, self.seen, self.withheld)

    def _carry(
        self, source: socket.socket, target: socket.socket, noted: list[int], withheld: set[int]
    ) -> None:
        try:
            with source.makefile("rb") as stream:
                while packet := _read_packet(stream):
                    noted.append(packet[0] >> 4)
                    if noted[-1] not in withheld and source not in self._dead:
                        target.sendall(packet)
        except OSError:
            pass
        _shut(target)


def _read_packet(stream: BinaryIO) -> bytes:
    """Return one MQTT packet, or empty bytes at the end."""
    head = stream.read(1)
    length = shift = 0
    while head:
        digit = stream.read(1)
        if not digit:
            return b""
        head += digit
        length |= (digit[0] & 127) << shift
        shift += 7
        if digit[0] < 128:
            return head + stream.read(length)
    return b""


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
