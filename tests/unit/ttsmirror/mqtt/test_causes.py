"""Problems with a broker's address are named, with advice that fits."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.certificates import write_certificate
from tests.support.tools import free_port, wait_until
from ttsmirror.mqtt import connection as module
from ttsmirror.mqtt.connection import NEW, MQTTConnection
from ttsmirror.mqtt.paho_compat import OldReason

# paho leaves the socket of a failed handshake to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
Serve = Callable[[socket.socket], None]


def speak_http(client: socket.socket) -> None:
    client.recv(1024)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def say_nothing(client: socket.socket) -> None:
    with suppress(OSError):
        while client.recv(1024):
            pass


def hang_up(client: socket.socket) -> None:
    client.recv(1024)


def answer(*packet: int) -> Serve:
    def serve(client: socket.socket) -> None:
        client.recv(1024)
        client.sendall(bytes(packet))

    return serve


def speak_tls(certificate: Path) -> Serve:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(client: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(client, server_side=True) as encrypted:
            encrypted.recv(1024)

    return serve


@contextmanager
def server(serve: Serve) -> Iterator[int]:
    """Run a server on a free port, which it yields."""
    listening = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                client, _address = listening.accept()
            except OSError:
                return
            with client, suppress(OSError):
                serve(client)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(module, "RECONNECT_SECONDS", (0.05, 0.1))


def cause(port: int, host: str = "localhost") -> str:
    """Return the first error of a connection to this port."""
    connection = MQTTConnection("moxie-test", host=host, port=port)
    connection.start()
    try:
        wait_until(lambda: connection.error != NEW, "the cause")
        return connection.error
    finally:
        connection.stop()


@pytest.mark.parametrize(
    ("serve", "words"),
    [
        (speak_http, "does not speak MQTT, or only with TLS"),
        (hang_up, "does not speak MQTT, or only with TLS"),
        (say_nothing, "does not answer: it is no MQTT broker, or it hangs"),
        (answer(0x20, 2, 0, 5), "Not authorized: set MQTT_USERNAME and MQTT_PASSWORD"),
    ],
)
def test_what_is_no_broker_or_wants_an_account_is_named(serve: Serve, words: str) -> None:
    with server(serve) as port:
        assert words in cause(port)


def test_refused_account_is_named_with_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_USERNAME", "moxie")
    with server(answer(0x20, 2, 0, 5)) as port:
        assert "Not authorized: check MQTT_USERNAME and MQTT_PASSWORD" in cause(port)


def test_closed_port_and_unknown_name_are_named() -> None:
    port = free_port()
    assert cause(port) == f"no broker answers at localhost:{port}: nothing listens there"
    assert "the name broker.invalid is unknown: check MQTT_HOST" in cause(port, "broker.invalid")


@pytest.mark.parametrize(
    ("made", "is_trusted", "words"),
    [
        ({"begins_in_days": -2, "ends_in_days": -1}, True, "it has expired"),
        ({"begins_in_days": 1, "ends_in_days": 2}, True, "it is not valid yet: check the clocks"),
        ({}, False, "MQTT_CA_CERTS does not have the authority that signed it"),
        ({"name": "elsewhere"}, True, "localhost does not stand in it: set MQTT_HOST to a name"),
    ],
)
def test_bad_certificate_is_named(
    made: dict[str, int],
    is_trusted: bool,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate = write_certificate(tmp_path / "broker.pem", **made)  # type: ignore[arg-type]
    other = write_certificate(tmp_path / "other.pem")
    monkeypatch.setenv("MQTT_TLS", "1")
    monkeypatch.setenv("MQTT_CA_CERTS", str(certificate if is_trusted else other))
    with server(speak_tls(certificate)) as port:
        assert f"localhost:{port} is not accepted: {words}" in cause(port)


@pytest.mark.parametrize("serve", [speak_http, hang_up])
def test_port_without_tls_is_named(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_TLS", "1")
    with server(serve) as port:
        assert "does not speak TLS: check MQTT_SSL_PORT, or unset MQTT_TLS" in cause(port)


def test_repeated_eviction_is_told_from_a_stopped_broker() -> None:
    connection = MQTTConnection("moxie-test", host="b", port=1)
    closed = OldReason(True, "Unspecified error")
    errors = []
    for _time in range(3):
        connection._connected_at = module.time.monotonic()  # type: ignore[attr-defined]
        connection._disconnected(closed)
        errors.append(connection.error)
    assert "the broker stopped, or another client has this name" in errors[0]
    assert "another client takes the name moxie-test again and again" in errors[-1]
    assert not any("Unspecified" in error for error in errors)
