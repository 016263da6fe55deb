"""The second address of a web server follows the choice, and says what hinders it."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from daphne.server import twisted_loop
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall

from tests.support.tools import free_port
from ttsmonitor.web import home_network
from ttsmonitor.web.home_listener import HomeListener

HOME = "127.0.0.1"
"""Stands for the address in the home network: a test machine may be in none."""


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    monkeypatch.setattr(home_network, "home_address", lambda: HOME)
    settings.ALLOWED_HOSTS = ["localhost"]
    home_network.choose("http")
    yield
    home_network.choose("")


def make_listener(port: int, host: str = "127.0.0.1") -> HomeListener:
    server: Any = SimpleNamespace(http_factory=Factory(), connections={})
    return HomeListener(server, host, port)


def close(listener: HomeListener) -> None:
    home_network.choose("")
    assert listener.update() == ""
    twisted_loop.run_until_complete(asyncio.sleep(0))


def accepts(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex((HOME, port)) == 0


def test_address_is_served_and_allowed_while_open(settings: Any) -> None:
    port = free_port()
    listener = make_listener(port)
    assert listener.update() == ""
    assert accepts(port)
    assert settings.ALLOWED_HOSTS == ["localhost", HOME]
    close(listener)
    assert not accepts(port)
    assert settings.ALLOWED_HOSTS == ["localhost"]


def test_taken_port_is_told_once_and_tried_again(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server((HOME, 0)) as other:
        port = other.getsockname()[1]
        listener = make_listener(port)
        cause = f"[Errno {errno.EADDRINUSE}] Address already in use"
        expected = f"port {port} of {HOME} cannot be used: {cause}"
        assert [str(listener.update()) for _ in range(2)] == [expected] * 2
        assert settings.ALLOWED_HOSTS == ["localhost"]
    assert listener.update() == ""
    assert settings.ALLOWED_HOSTS == ["localhost", HOME]
    assert caplog.text.count("cannot be used") == 1
    close(listener)


def test_new_address_of_the_router_is_followed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = make_listener(free_port(), "0.0.0.0")
    listener.update()
    monkeypatch.setattr(home_network, "home_address", lambda: "127.0.0.77")
    listener.update()
    assert settings.ALLOWED_HOSTS == ["localhost", "127.0.0.77"]
    monkeypatch.setattr(home_network, "home_address", lambda: "")
    assert listener.update() == ""
    assert settings.ALLOWED_HOSTS == ["localhost"]


def test_pages_stay_closed_in_another_network(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = make_listener(free_port(), "0.0.0.0")
    listener.update()
    monkeypatch.setattr(home_network, "home_address", lambda: "192.168.1.21")
    assert listener.update() == ""
    assert settings.ALLOWED_HOSTS == ["localhost"]
    monkeypatch.setattr(home_network, "home_address", lambda: HOME)
    listener.update()
    assert settings.ALLOWED_HOSTS == ["localhost", HOME]


def test_allowed_host_of_the_settings_stays(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["localhost", HOME]
    listener = make_listener(free_port(), "0.0.0.0")
    listener.update()
    close(listener)
    assert settings.ALLOWED_HOSTS == ["localhost", HOME]


def test_certificate_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(home_network, "certificates", lambda: tmp_path / "missing" / "web")
    home_network.choose("https")
    assert "No such file or directory" in make_listener(free_port()).update()


def test_unexpected_error_does_not_end_the_watch(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> str:
        raise RuntimeError("no such interface")

    calls: list[LoopingCall] = []
    monkeypatch.setattr(home_network, "home_address", fail)
    monkeypatch.setattr(home_network, "call_on_change", lambda apply: None)
    start = LoopingCall.start

    def note(call: LoopingCall, seconds: float) -> Any:
        calls.append(call)
        return start(call, seconds)

    monkeypatch.setattr(LoopingCall, "start", note)
    make_listener(free_port()).start()
    assert "no such interface" in caplog.text
    assert calls[0].running
    calls[0].stop()
