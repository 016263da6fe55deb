"""Messages to systemd's watchdog."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ttsmonitor.system.systemd import Systemd


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(tmp_path / "notify"))
    receiver.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield receiver
    receiver.close()


@contextmanager
def teller() -> Iterator[Systemd]:
    systemd = Systemd()
    assert systemd._notifier is not None
    with closing(systemd._notifier.socket):
        yield systemd


def test_watchdog_is_fed_three_times_in_its_patience(
    heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    clock = [100.0]
    monkeypatch.setattr("ttsmonitor.system.systemd.time.monotonic", lambda: clock[0])
    with teller() as systemd:
        for clock[0] in (100.0, 100.1, 109.9, 110.0, 110.1):
            systemd.feed()
        systemd.stopping()
    assert [heard.recv(99) for _ in range(3)] == [b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_event_loop_feeds_the_watchdog_while_it_runs(
    heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000")

    async def serve() -> list[bytes]:
        with teller() as systemd:
            systemd.feed_from(asyncio.get_running_loop())
            return [await asyncio.to_thread(heard.recv, 99) for _ in range(2)]

    assert asyncio.run(serve()) == [b"WATCHDOG=1"] * 2


def test_unit_without_watchdog_is_not_fed(
    heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    with teller() as systemd:
        systemd.feed()
        systemd.ready()
    assert heard.recv(99) == b"READY=1"


def test_nothing_is_told_outside_of_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "")  # what the supervisor gives its processes
    Systemd().ready()
