"""The checks of settings, ports, files, disk, memory and clock."""

from __future__ import annotations

import os
import socket
import threading
from collections import namedtuple
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.tools import free_port
from ttsmonitor.doctor import computer_checks
from ttsmonitor.doctor.base import Finding, Level
from ttsmonitor.doctor.computer_checks import (
    look_at_addresses,
    look_at_broker_ports,
    look_at_disk,
    look_at_files,
    look_at_memory,
    look_at_monitor_pages,
    look_at_settings,
    look_at_software,
)
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.system.lock import Service

Only = Callable[[Any], Finding]
Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("name", "value", "level", "words"),
    [
        (
            "MQTT_PORT",
            "99999",
            Level.FAULT,
            "MQTT_PORT=99999 is out of range. Give a number",
        ),
        ("TTS_TTL", "soon", Level.FAULT, "TTS_TTL='soon': give a whole number."),
        ("TTS_ENGINE", "festival", Level.FAULT, "TTS_ENGINE='festival' is unknown."),
        (
            "MQTT_HOTS",
            "pi",
            Level.WARNING,
            "MQTT_HOTS is no setting and has no effect. Did",
        ),
        ("MQTT_HOST", "pi:1883", Level.FAULT, "'pi:1883' is no host"),
    ],
)
def test_wrong_settings_are_named(
    only: Only, monkeypatch: pytest.MonkeyPatch, name: str, value: str, level: Level, words: str
) -> None:
    monkeypatch.setenv(name, value)
    finding = only(look_at_settings)
    assert (finding.level, words in finding.reason) == (level, True), finding.reason


def test_port_of_another_program_is_named(only: Only, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("HTTP_PORT", str(port))
        finding = only(look_at_monitor_pages)
    assert finding.level == Level.FAULT
    assert f"Port {port} is in use" in finding.reason


def test_address_of_another_computer_is_named(only: Only, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_HOST", "203.0.113.7")
    assert "HTTP_HOST=203.0.113.7 is not an address" in only(look_at_monitor_pages).reason


def test_pages_that_do_not_answer_are_named(
    only: Only, situation: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    situation.__dict__["processes"] = {Service.SPEECH: "42"}
    monkeypatch.setenv("HTTP_PORT", str(free_port()))
    finding = only(look_at_monitor_pages)
    assert finding.level == Level.FAULT
    assert "the speech service runs (process 42), but its pages" in finding.reason


def test_pages_that_answer_are_fine_even_while_unwell(
    only: Only, situation: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            pass

    situation.__dict__["processes"] = {Service.SPEECH: "42"}
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monkeypatch.setenv("HTTP_PORT", str(server.server_port))
        assert only(look_at_monitor_pages).level == Level.OK
        thread.join()


def test_address_that_is_not_allowed_is_named(
    only: Only, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    assert only(look_at_addresses).level == Level.OK
    monkeypatch.setenv("HTTP_HOST", "192.168.1.20")
    settings.ALLOWED_HOSTS = ["localhost"]
    finding = only(look_at_addresses)
    assert "ALLOWED_HOSTS does not have 192.168.1.20" in finding.reason
    assert finding.command == "export ALLOWED_HOSTS=localhost,192.168.1.20"
    settings.ALLOWED_HOSTS = ["localhost", "192.168.1.20"]
    assert only(look_at_addresses).level == Level.OK


def test_tls_port_of_another_program_is_named(only: Only, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PORT", str(free_port()))
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("MQTT_SSL_PORT", str(other.getsockname()[1]))
        finding = only(look_at_broker_ports)
    assert finding.level == Level.FAULT
    assert "with MQTT_SSL_PORT" in finding.reason
    monkeypatch.setenv("MQTT_SSL_PORT", os.environ["MQTT_PORT"])
    assert "are both" in only(look_at_broker_ports).reason


def test_readable_secret_and_foreign_file_are_named(
    only: Only, situation: Situation, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    (work / "note").touch()
    finding = only(look_at_files)
    assert "belongs to another account" in finding.reason
    assert finding.command.startswith("sudo chown -R")
    (work / "note").unlink()
    secret = work / "secret_key"
    secret.touch()
    os.chown(secret, os.getuid() + 1, -1) if not os.getuid() else None
    secret.chmod(0o644)
    monkeypatch.setattr(os, "geteuid", lambda: secret.stat().st_uid or 1)
    (finding,) = (each for each in look_at_files(situation) if "others may read" in each.reason)
    assert finding.command.startswith("chmod -R go=")


@pytest.mark.parametrize(
    ("free", "level"), [(10, Level.FAULT), (200, Level.WARNING), (2_000, Level.OK)]
)
def test_little_disk_space_is_named(
    only: Only, monkeypatch: pytest.MonkeyPatch, free: int, level: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage(0, 0, free * 1_000_000))
    assert only(look_at_disk).level == level


@pytest.mark.parametrize(
    ("content", "level"),
    [
        ("MemTotal: 900000 kB\nMemAvailable: 60000 kB\n", Level.WARNING),
        ("MemTotal: 900000 kB\nMemAvailable: 600000 kB\n", Level.OK),
        ("", Level.SKIPPED),
    ],
)
def test_little_memory_is_named(
    only: Only, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str, level: Level
) -> None:
    (tmp_path / "meminfo").write_text(content)
    monkeypatch.setattr(computer_checks, "MEMORY_FILE", tmp_path / "meminfo")
    assert only(look_at_memory).level == level


def test_clock_that_was_never_set_is_named(
    situation: Situation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computer_checks, "OLDEST_YEAR", 9_000)
    found = {each.level: each.reason for each in look_at_software(situation)}
    assert "clock shows the year" in found[Level.FAULT]
    assert "Python 3." in found[Level.OK]
