"""docker/health.py, without Docker."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.tools import ROOT, free_port


class Server(HTTPServer):
    """A server that answers every request with `status`."""

    status = 200
    body = b""


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def health(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script as a module, in a container of its own."""
    spec = importlib.util.spec_from_file_location("docker_health", ROOT / "docker" / "health.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "STATE", tmp_path / "health")
    monkeypatch.setattr(module, "PROC", tmp_path / "proc")
    return module


@pytest.fixture
def killed(health: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: found.append((pid, number)))
    return found


def begin(proc: Path, pid: int, parent: int, name: str) -> None:
    """Add a process to a /proc."""
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "comm").write_text(f"{name}\n")
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} {pid} 0 0\n")


@pytest.mark.parametrize(("status", "code"), [(200, 0), (400, 0), (503, 1)])
def test_health_check_fails_on_503_only(
    server: Server, health: ModuleType, monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    server.status = status
    monkeypatch.setenv("PORT", str(server.server_address[1]))
    assert health.main("PORT", "/health") == code


@pytest.mark.parametrize(
    ("failed", "code"), [(["audio"], 0), (["audio", "broker"], 1), (["broker"], 1), ([], 1)]
)
def test_missing_sound_device_alone_is_healthy(
    server: Server,
    health: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    failed: list[str],
    code: int,
) -> None:
    checks = {name: {"ok": name not in failed} for name in ("audio", "broker", "queue")}
    server.status, server.body = 503, json.dumps({"ok": False, "checks": checks}).encode()
    monkeypatch.setenv("PORT", str(server.server_address[1]))
    assert health.main("PORT", "/health") == code


def test_silent_process_is_killed_and_resumed_init_ends(
    server: Server,
    health: ModuleType,
    killed: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for pid, parent, name in ((1, 0, "docker-init"), (7, 1, "py (1) 9"), (30, 7, "python")):
        begin(health.PROC, pid, parent, name)
    monkeypatch.setenv("PORT", str(server.server_address[1]))
    assert health.main("PORT", "/") == 0
    monkeypatch.setenv("PORT", str(free_port()))
    for _check in range(health.SILENT_CHECKS - 1):
        assert health.main("PORT", "/") == 1
    assert killed == []
    assert health.main("PORT", "/") == 1
    assert killed == [(1, signal.SIGCONT), (7, signal.SIGKILL)]


def test_errors_and_answers_in_between_kill_nothing(
    server: Server,
    health: ModuleType,
    killed: list[tuple[int, int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(health.PROC, 1, 0, "docker-init")
    begin(health.PROC, 7, 1, "python")
    silent, port = str(free_port()), str(server.server_address[1])
    server.status = 503
    for answer in [port, *[silent, silent, port] * health.SILENT_CHECKS]:
        monkeypatch.setenv("PORT", answer)
        health.main("PORT", "/")
    assert killed == []


def test_process_that_still_starts_is_left_alone(
    health: ModuleType, killed: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(health.PROC, 1, 0, "docker-init")
    begin(health.PROC, 7, 1, "python")
    monkeypatch.setenv("PORT", str(free_port()))
    for _check in range(3 * health.SILENT_CHECKS):
        assert health.main("PORT", "/") == 1
    assert killed == []


def test_nothing_is_killed_outside_of_a_container(
    health: ModuleType, killed: list[tuple[int, int]]
) -> None:
    begin(health.PROC, 1, 0, "systemd")
    begin(health.PROC, 7, 1, "somebody")
    health.end_service()
    assert killed == []
