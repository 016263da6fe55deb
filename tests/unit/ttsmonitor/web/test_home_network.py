"""The address of this computer at home."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from ttsmonitor.web.home_network import OPEN_FILE, chosen_scheme, home_address


class Probe(socket.socket):
    """A socket whose own address is what the test says."""

    own = ""

    def connect(self, address: Any) -> None:
        if not self.own:
            raise OSError(101, "Network is unreachable")

    def getsockname(self) -> Any:
        return self.own, 40_000


@pytest.mark.parametrize(
    ("own", "address"),
    [
        ("192.168.1.20", "192.168.1.20"),
        ("10.0.0.7", "10.0.0.7"),
        ("172.16.3.4", "172.16.3.4"),
        ("8.8.8.8", ""),
        ("100.64.0.1", ""),
        ("169.254.3.4", ""),
        ("127.0.0.1", ""),
        ("", ""),
    ],
)
def test_only_private_addresses_are_at_home(
    monkeypatch: pytest.MonkeyPatch, own: str, address: str
) -> None:
    monkeypatch.setattr(Probe, "own", own)
    monkeypatch.setattr(socket, "socket", Probe)
    assert home_address() == address


def test_damaged_choice_keeps_the_pages_closed(settings: Any, tmp_path: Path) -> None:
    settings.WORK_DIR = tmp_path
    (tmp_path / OPEN_FILE).write_bytes(b"\xff\xfe")
    assert chosen_scheme() == ""


def test_computer_without_free_sockets_is_in_no_home_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_arguments: Any) -> Any:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "socket", refuse)
    assert home_address() == ""
