"""Every broker program that this machine has, run as run_broker runs it."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from hive.broker.run import find_mosquitto
from tests.support.tools import (
    PATIENCE_SECONDS,
    Process,
    answers,
    end_client,
    free_port,
    manage,
    running,
    wait_until,
)

PROGRAMS = "MOXIE_TEST_MOSQUITTOS"
"""Environment variable with paths of further Mosquittos, separated by colons, such as those of
other versions: …/2.1.2/sbin/mosquitto, with its plugins below …/2.1.2/lib."""
DEVELOPMENT = "development"


@dataclass
class RunningBroker:
    """A broker that run_broker started."""

    kind: str
    port: int
    tls_port: int
    work: Path
    process: Process

    def password(self, name: str) -> str:
        """Return the password of an account that the broker made."""
        return (self.work / "broker" / "accounts" / "localhost" / name).read_text()


class RecordingClient:
    """A client that never reconnects, and records what it hears and whether it was let in."""

    def __init__(self, client_id: str, login: tuple[str, str] | None = None) -> None:
        """Connect nothing yet."""
        self.heard: list[tuple[str, bytes]] = []
        self.is_let_in = False
        self._answered, self._subscribed = threading.Event(), threading.Event()
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, reconnect_on_failure=False
        )
        if login is not None:
            self.client.username_pw_set(*login)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self._answered.set()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _c, _u, m: self.heard.append((m.topic, bytes(m.payload)))

    def connect(self, port: int, *, tls: bool) -> None:
        """Connect to a broker of this computer, and wait for its answer."""
        if tls:
            self.client.tls_set(cert_reqs=ssl.CERT_NONE)
            self.client.tls_insecure_set(True)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._answered.wait(PATIENCE_SECONDS)

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, *rest: object
    ) -> None:
        self.is_let_in = rest[0] == 0
        self._answered.set()
        if not self.is_let_in:
            client.disconnect()

    def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe, and wait for the broker's answer."""
        self._subscribed.clear()
        self.client.subscribe([(each, 1) for each in filters])
        assert self._subscribed.wait(PATIENCE_SECONDS)

    def publish(self, topics: Iterable[str], payload: str, *, retain: bool = False) -> None:
        """Publish to each topic, and wait until the broker has taken it."""
        for sent in [self.client.publish(topic, payload, 1, retain) for topic in topics]:
            sent.wait_for_publish(10)

    def vanish(self) -> None:
        """Lose the connection without a goodbye, so that the broker publishes the last will."""
        transport = self.client.socket()
        assert isinstance(transport, socket.socket)
        # Use the plain socket: closing the TLS one would say goodbye.
        socket.socket.shutdown(transport, socket.SHUT_RDWR)

    def close(self) -> None:
        """Disconnect."""
        end_client(self.client)


def broker_programs() -> dict[str, str]:
    """Return the brokers to test, as name and path; the development broker has none."""
    paths = [find_mosquitto(), *os.environ.get(PROGRAMS, "").split(":")]
    return {_version(path): path for path in paths if path} | {DEVELOPMENT: ""}


@contextmanager
def run_broker(program: str, work: Path, **settings: str) -> Iterator[RunningBroker]:
    """Run `manage.py run_broker` with this Mosquitto, or the development broker without one."""
    ports = free_port(), free_port()
    environment = {
        "MQTT_HOST": "localhost",
        "MQTT_PORT": str(ports[0]),
        "MQTT_SSL_PORT": str(ports[1]),
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
    } | settings
    if program:
        environment["PATH"] = os.pathsep.join((str(Path(program).parent), os.environ["PATH"]))
    command = manage("run_broker", *([] if program else ["--development"]))
    with running(command, environment) as process:
        wait_until(lambda: process.is_over or all(map(answers, ports)), "the broker")
        assert not process.is_over, process.output
        yield RunningBroker(program or DEVELOPMENT, *ports, work, process)


def _version(program: str) -> str:
    # Mosquitto exits with 3 after its usage.
    usage = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"mosquitto version (\S+)", usage)
    return f"mosquitto-{found[1] if found else program}"
