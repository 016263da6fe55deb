"""Recognition of a running broker, and the choice of the broker to start."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path

import pytest

from hive.broker.certificates import ensure_certificate
from hive.broker.embedded import EmbeddedBroker
from hive.broker.probe import Answer, probe
from hive.broker.run import MosquittoBroker, find_mosquitto, make_broker
from hive.process.plan import make_plan
from tests.conftest import Broker
from tests.support.tools import free_port
from ttsmirror.exceptions import AlreadyRunningError, BrokerError
from ttsmonitor.system.lock import Service, only_one
from ttsmonitor.system.ports import loopback_address


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    plain, tls = free_port(), free_port()
    monkeypatch.setenv("MQTT_HOST", "localhost")
    monkeypatch.setenv("MQTT_PORT", str(plain))
    monkeypatch.setenv("MQTT_SSL_PORT", str(tls))
    return plain, tls


@pytest.mark.usefixtures("broker_settings")
def test_broker_is_recognised() -> None:
    assert probe() is Answer.BROKER


def test_broker_refusing_account_is_recognised(
    broker_settings: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = broker_settings.config.read_text()
    broker_settings.config.write_text(text.replace("anonymous true", "anonymous false"))
    broker_settings.process.close()
    broker_settings.start()
    assert probe() is Answer.REFUSED
    monkeypatch.setenv("MQTT_USERNAME", "somebody")
    monkeypatch.setenv("MQTT_PASSWORD", "x" * 200)  # a packet longer than its length byte states
    assert probe() is Answer.REFUSED


@pytest.mark.usefixtures("ports")
def test_unused_port_is_recognised() -> None:
    assert probe() is Answer.NOTHING


def test_other_protocol_is_recognised(ports: tuple[int, int]) -> None:
    with socket.create_server(("127.0.0.1", ports[0])) as server:

        def serve() -> None:
            connection, _address = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        assert probe() is Answer.OTHER
        thread.join(5)


# After a failed handshake, paho leaves the socket to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_self_signed_certificate_is_recognised(
    ports: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQTT_TLS", "1")
    for name in ("HIVE_PORT", "HTTP_PORT"):
        monkeypatch.setenv(name, str(free_port()))
    certificate, key = ensure_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", ports[1])) as server:

        def serve() -> None:
            connection, _address = server.accept()
            with connection, pytest.raises(ssl.SSLError):
                context.wrap_socket(connection, server_side=True)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(BrokerError, match=r"is not trusted: set MQTT_CA_CERTS"):
            make_plan()
        thread.join(5)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "127.0.0.1"),
        ("LOCALHOST", "127.0.0.1"),
        ("127.0.0.2", "127.0.0.2"),
        ("::1", "::1"),
        ("192.168.1.2", None),
        ("mqtt", None),
    ],
)
def test_loopback_hosts_are_recognised_as_this_machine(host: str, address: str | None) -> None:
    assert loopback_address(host) == address


@pytest.mark.usefixtures("ports", "work")
def test_development_broker_is_used_without_mosquitto() -> None:
    assert isinstance(make_broker(None), EmbeddedBroker)
    assert isinstance(make_broker("/usr/sbin/mosquitto"), MosquittoBroker)


def test_mosquitto_is_found_outside_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("hive.broker.run.PROGRAM_DIRECTORIES", (str(tmp_path),))
    assert find_mosquitto() is None
    program = tmp_path / "mosquitto"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_mosquitto() == str(program)


def test_same_port_for_both_listeners_is_refused(
    ports: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MQTT_SSL_PORT", str(ports[0]))
    with pytest.raises(BrokerError, match="needs two ports"):
        make_broker(None)


@pytest.mark.parametrize(("index", "name"), [(0, "MQTT_PORT"), (1, "MQTT_SSL_PORT")])
def test_taken_port_is_named(ports: tuple[int, int], index: int, name: str) -> None:
    with (
        socket.create_server(("127.0.0.1", ports[index])),
        pytest.raises(BrokerError, match=rf"Port {ports[index]} .*\b{name}\."),
    ):
        make_broker(None)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a separate work directory and free ports for the pages."""
    monkeypatch.setattr("django.conf.settings.WORK_DIR", tmp_path)
    for name in ("HIVE_PORT", "HTTP_PORT"):
        monkeypatch.setenv(name, str(free_port()))
    return tmp_path


@pytest.mark.usefixtures("ports")
@pytest.mark.parametrize("service", [Service.BROKER, Service.HIVE, Service.SPEECH])
def test_running_service_prevents_start(work: Path, service: Service) -> None:
    with (
        only_one(work, service),
        pytest.raises(AlreadyRunningError, match=f"A {service.value} runs already in {work}"),
    ):
        make_plan()
    assert make_plan().names == ("broker", "hive", "speech")


@pytest.mark.usefixtures("ports")
def test_running_speech_service_is_ignored_without_speech(work: Path) -> None:
    with only_one(work, Service.SPEECH):
        assert make_plan(speech=False).names == ("broker", "hive")


@pytest.mark.usefixtures("broker_settings")
def test_running_broker_does_not_prevent_start(work: Path) -> None:
    with only_one(work, Service.BROKER):
        assert make_plan().names == ("hive", "speech")


def test_remote_broker_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_HOST", "mqtt.example")
    with pytest.raises(BrokerError, match=r"mqtt\.example"):
        make_broker(None)
