"""The broker of this machine: is one there, and if not, start one."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Protocol

from django.conf import settings

from hive.broker.embedded import EmbeddedBroker
from hive.broker.mosquitto_config import write_config
from ttsmirror.exceptions import BrokerError
from ttsmonitor.conf import conf
from ttsmonitor.system.ports import ListenError, ensure_port_free, loopback_address

PROBE_SECONDS = 3
# Where it is installed without being on everybody's PATH: Debian, Homebrew on both kinds of Mac.
PROGRAM_DIRECTORIES = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


class Answer(Enum):
    """What is at the broker's address."""

    NOTHING = "nothing"
    BROKER = "broker"
    REFUSED = "refused"
    """A broker that does not let us in."""
    UNTRUSTED = "untrusted"
    """A broker whose certificate is not one that we trust."""
    OTHER = "other"
    """Something that does not speak MQTT."""


class Broker(Protocol):
    """A broker that this process runs."""

    kind: str

    def run(self) -> None:
        """Serve until stop() or a stop signal."""

    def stop(self) -> None:
        """End run(), from any thread, any number of times."""


class MosquittoBroker:
    """Mosquitto in place of this process: nobody has to hand signals, log and exit code through,
    and none of the two is left behind when the other one dies.
    """

    kind = "mosquitto"

    def __init__(self, program: str, config: Path) -> None:
        self._command = [program, "-c", str(config)]

    def run(self) -> None:
        sys.stdout.flush()
        os.execv(self._command[0], self._command)  # noqa: S606  the command is ours

    def stop(self) -> None:
        """Nothing to stop: once it runs, this is not here any more."""


def find_mosquitto() -> str | None:
    """The path of the mosquitto program, or None."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *PROGRAM_DIRECTORIES))
    return shutil.which("mosquitto", path=path)


def make_broker(program: str | None) -> Broker:
    """Mosquitto, where `program` is its path, else the development broker, on the settings' ports.

    Raises BrokerError where the settings name another machine or a port is taken.
    """
    host = loopback_address(conf.MQTT_HOST)
    if host is None:
        raise BrokerError(
            f"MQTT_HOST={conf.MQTT_HOST} is another machine: run the broker there, or unset it."
        )
    if conf.MQTT_PORT == conf.MQTT_SSL_PORT:
        raise BrokerError(
            f"MQTT_PORT and MQTT_SSL_PORT are both {conf.MQTT_PORT}: the broker needs two ports."
        )
    try:
        ensure_port_free(host, conf.MQTT_PORT, "MQTT_PORT")
        ensure_port_free(host, conf.MQTT_SSL_PORT, "MQTT_SSL_PORT")
    except ListenError as exc:
        raise BrokerError(str(exc)) from exc
    directory: Path = settings.WORK_DIR / "broker"
    if program:
        config = write_config(
            directory,
            host=host,
            port=conf.MQTT_PORT,
            tls_port=conf.MQTT_SSL_PORT,
            username=conf.MQTT_USERNAME,
            password=conf.MQTT_PASSWORD,
        )
        return MosquittoBroker(program, config)
    return EmbeddedBroker(
        directory,
        host=host,
        port=conf.MQTT_PORT,
        tls_port=conf.MQTT_SSL_PORT,
        username=conf.MQTT_USERNAME,
        password=conf.MQTT_PASSWORD,
    )


def probe() -> Answer:
    """Knock at the broker's address as a client does, and see who answers."""
    try:
        connection = _connect()
    except OSError:
        return Answer.NOTHING
    with connection:
        try:
            with _maybe_tls(connection) as stream:
                stream.sendall(connect_packet(conf.MQTT_USERNAME, conf.MQTT_PASSWORD))
                answer = _receive(stream, 4)
        except ssl.SSLCertVerificationError:
            return Answer.UNTRUSTED
        except OSError:
            return Answer.OTHER
    if answer[:2] != b"\x20\x02" or len(answer) < 4:
        return Answer.OTHER
    return Answer.BROKER if answer[3] == 0 else Answer.REFUSED


def _connect() -> socket.socket:
    return socket.create_connection((conf.MQTT_HOST, conf.broker_port), timeout=PROBE_SECONDS)


@contextlib.contextmanager
def _maybe_tls(connection: socket.socket) -> Iterator[socket.socket]:
    if not conf.MQTT_TLS:
        yield connection
        return
    context = ssl.create_default_context(cafile=conf.ca_certs)
    with context.wrap_socket(connection, server_hostname=conf.MQTT_HOST) as stream:
        yield stream


def _receive(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (more := stream.recv(count - len(data))):
        data += more
    return data


def connect_packet(username: str, password: str) -> bytes:
    """MQTT 3.1.1's CONNECT with a clean session and a client id of the broker's choice."""
    flags = 0x02 | (0x80 if username else 0) | (0x40 if username and password else 0)
    body = _field("MQTT") + bytes([4, flags, 0, 60]) + _field("")
    if username:
        body += _field(username)
        if password:
            body += _field(password)
    return b"\x10" + _length(len(body)) + body


def _field(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(2, "big") + data


def _length(count: int) -> bytes:
    encoded = bytearray()
    while True:
        count, digit = divmod(count, 128)
        encoded.append(digit | (0x80 if count else 0))
        if not count:
            return bytes(encoded)
