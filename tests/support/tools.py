"""Help for tests: wait on readiness, free ports, processes with real signals."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.ports import answers as answers
from bench.ports import free_port as free_port
from ttsmirror.wire.messages import STATUS_TOPIC

ROOT = Path(__file__).resolve().parents[2]
Value = TypeVar("Value")


PATIENCE_SECONDS = 60.0
"""Time limit for what comes within a second on an idle computer."""


def wait_until(
    condition: Callable[[], Value],
    what: str = "the condition",
    timeout_seconds: float = PATIENCE_SECONDS,
) -> Value:
    """Poll until `condition()` is true and return it; AssertionError names `what` otherwise."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < deadline, f"waited {timeout_seconds} s in vain for {what}"
        time.sleep(0.01)


class Stopwatch:
    """Seconds in which this process ran: a computer that stands still does not count.

    A thread counts them, so they are a little less than those of the clock.
    """

    TICK_SECONDS = 0.01

    def __init__(self) -> None:
        self.seconds = 0.0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._count, name="tests.stopwatch", daemon=True)

    def __enter__(self) -> Stopwatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _count(self) -> None:
        while not self._is_over.wait(self.TICK_SECONDS):
            self.seconds += self.TICK_SECONDS


class Process:
    """A program with its output collected line by line."""

    def __init__(self, command: list[str], env: dict[str, str] | None = None) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | (env or {}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def type(self, line: str) -> None:
        """Type a line on the program's standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def wait_for_line(self, words: str, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until a line with these words is printed."""
        try:
            wait_until(lambda: words in self.output or self.is_over, repr(words), timeout_seconds)
            if self.is_over:
                self._reader.join(5)  # it may be behind with the last lines
        finally:
            assert words in self.output, f"no {words!r} in the output:\n{self.output}"

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, timeout_seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for the end and return the exit code."""
        code = self._process.wait(timeout_seconds)
        self._reader.join(5)
        return code

    def close(self) -> None:
        """Terminate it. Kill its process group if it does not end in time."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait(5)
        self._reader.join(5)  # the reader must end before the pipe is closed
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass


@contextmanager
def running(command: list[str], env: dict[str, str] | None = None) -> Iterator[Process]:
    """Run a program within the block."""
    process = Process(command, env)
    try:
        yield process
    finally:
        process.close()


def run(command: list[str], env: dict[str, str] | None = None) -> str:
    """Run a program that must succeed, and return its output."""
    with running(command, env) as process:
        assert process.wait(60) == 0, process.output
        return process.output


def manage(*arguments: str) -> list[str]:
    """Return the command line of a management command."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def end_client(client: paho.Client) -> None:
    client.disconnect()
    client.loop_stop()
    if (left_open := client.socket()) is not None:
        left_open.close()  # paho's thread may end before it closes its connection
    # Break the reference cycle, or its sockets may be collected unclosed.
    client.on_connect = client.on_disconnect = client.on_message = client.on_subscribe = None


class Listener:
    """An MQTT client that records its messages."""

    def __init__(
        self,
        port: int,
        *topics: str,
        client_id: str = "",
        durable: bool = False,
        account: tuple[str, str] | None = None,
    ) -> None:
        """Connect, and again at once after a loss.

        `durable` keeps messages during absence and needs a `client_id`.
        """
        self.messages: list[tuple[str, bytes]] = []
        self._subscribed = threading.Event()
        self._topics = [(topic, 1) for topic in topics]
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=not durable
        )
        self.client.reconnect_delay_set(0.1, 0.1)  # type: ignore[arg-type]  # floats work
        if account:
            self.client.username_pw_set(*account)
        self.client.on_connect = lambda *_: self._subscribe()
        self.client.on_disconnect = lambda *_: self._subscribed.clear()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_message = lambda _c, _u, m: self.messages.append((m.topic, bytes(m.payload)))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._subscribed.wait(PATIENCE_SECONDS)

    def _subscribe(self) -> None:
        if self._topics:
            self.client.subscribe(self._topics)
        else:
            self._subscribed.set()

    def publish(self, topic: str, payload: bytes | str, qos: int = 1, retain: bool = False) -> None:
        assert self._subscribed.wait(PATIENCE_SECONDS), "no connection to the broker"
        self.client.publish(topic, payload, qos, retain).wait_for_publish(PATIENCE_SECONDS)

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for name, payload in list(self.messages) if name == topic]

    def close(self) -> None:
        end_client(self.client)


def stored(listener: Listener, utterance_id: object) -> None:
    """Confirm an utterance as the speech service does once it is stored."""
    listener.publish(STATUS_TOPIC, json.dumps({"id": str(utterance_id), "event": "stored"}))


class Robot:
    """A client like a robot: TLS unverified, with a user name and an unverifiable token."""

    def __init__(self, port: int, client_id: str) -> None:
        self.received: list[str] = []
        self._connected = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self.client.username_pw_set("unknown", "header.payload.signature")
        self.client.tls_set(cert_reqs=ssl.CERT_NONE)
        self.client.tls_insecure_set(True)
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.on_message = lambda _c, _u, m: self.received.append(m.topic)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self._connected.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        end_client(self.client)


def get_json(url: str) -> dict[str, Any]:
    """Return a page's JSON, whatever its status, as soon as the server listens."""
    found = wait_until(lambda: _json_at(url), url)
    assert found is not None
    return found


def _json_at(url: str) -> dict[str, Any] | None:
    """Return a page's JSON; None if nothing listens yet."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
            found: dict[str, Any] = json.load(response)
    except urllib.error.HTTPError as exc:
        with exc:
            found = json.load(exc)
    except urllib.error.URLError as exc:
        if isinstance(exc.reason, ConnectionRefusedError):
            return None
        raise
    return found
