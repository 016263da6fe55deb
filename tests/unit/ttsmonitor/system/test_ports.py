"""Reasons why a server cannot listen."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from ttsmonitor.system.ports import ListenError, ensure_port_free


def test_free_port_is_free() -> None:
    ensure_port_free("127.0.0.1", 0)


def test_taken_port_is_in_use() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(ListenError, match=r"is in use .* with HIVE_PORT\."),
    ):
        ensure_port_free("127.0.0.1", server.getsockname()[1], "HIVE_PORT")


@pytest.mark.parametrize("host", ["192.0.2.7", "nowhere.invalid"])
@pytest.mark.parametrize(("name", "said"), [("HTTP_PORT", "HTTP"), ("MQTT_SSL_PORT", "MQTT")])
def test_foreign_address_is_not_reported_as_port_in_use(host: str, name: str, said: str) -> None:
    with pytest.raises(ListenError, match=rf"{said}_HOST={host} is not an address of this"):
        ensure_port_free(host, 0, name)


def test_privileged_port_is_not_reported_as_port_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr("socket.socket.bind", refuse)
    with pytest.raises(ListenError, match=r"above 1023 with HTTP_PORT"):
        ensure_port_free("127.0.0.1", 80)
