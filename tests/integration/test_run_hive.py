"""The hive and the simulated robot as processes, with real signals."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.tools import (
    PATIENCE_SECONDS,
    Process,
    manage,
    running,
    wait_until,
)
from ttsmonitor.web.live_consumer import SERVICE_RESTART

HANDSHAKE = (
    b"GET /ws/hive/ HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"


@pytest.fixture
def env(install: Callable[..., dict[str, str]]) -> dict[str, str]:
    return install(DEBUG="1")


@pytest.fixture
def hive(env: dict[str, str]) -> Iterator[Process]:
    with running(manage("run_hive"), env) as process:
        process.wait_for_line(f"hive ready at http://localhost:{env['HIVE_PORT']}/")
        yield process


def health(env: dict[str, str]) -> bool:
    url = f"http://127.0.0.1:{env['HIVE_PORT']}/health"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            return bool(json.load(answer)["ok"])
    except urllib.error.HTTPError as exc:
        exc.close()
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_hive_serves_and_stops_cleanly(
    hive: Process, env: dict[str, str], number: signal.Signals
) -> None:
    wait_until(lambda: health(env), "its health")
    hive.signal(number)

    assert hive.wait() == 0
    assert "Traceback" not in hive.output


def test_open_pages_are_closed_with_restart_code(env: dict[str, str]) -> None:
    open_to_all = env | {"MOXIE_REQUIRE_LOGIN": "0"}
    with running(manage("run_hive"), open_to_all) as process:
        process.wait_for_line("hive ready at")
        with socket.create_connection(("127.0.0.1", int(env["HIVE_PORT"])), timeout=20) as page:
            page.sendall(HANDSHAKE)
            heard = page.recv(1000)
            assert heard.startswith(b"HTTP/1.1 101")
            process.signal(signal.SIGTERM)
            # This page does not answer the close frame; a second later the server resets it.
            with suppress(ConnectionResetError):
                while more := page.recv(1000):
                    heard += more
        assert process.wait() == 0
        assert "Traceback" not in process.output
    opcode_and_length = b"\x88\x02"
    assert heard.endswith(opcode_and_length + SERVICE_RESTART.to_bytes(2, "big"))


def test_port_in_use_ends_with_one_error_line(env: dict[str, str]) -> None:
    with (
        socket.create_server(("127.0.0.1", int(env["HIVE_PORT"]))),
        running(manage("run_hive"), env) as second,
    ):
        assert second.wait() == 1
    errors = [line for line in second.lines if "CommandError" in line]
    assert len(errors) == 1
    assert f"Port {env['HIVE_PORT']} is in use" in errors[0]
    assert "HIVE_PORT" in errors[0]
    assert "Traceback" not in second.output


def test_unmigrated_database_is_answered_with_migrate_command(
    env: dict[str, str], tmp_path: Path
) -> None:
    with running(manage("run_hive"), env | {"MOXIE_WORK_DIR": str(tmp_path / "empty")}) as process:
        assert process.wait() == 1
    assert "manage.py migrate" in process.lines[-1]
    assert "Traceback" not in process.output


def test_simulated_robot_talks_at_the_keyboard(hive: Process, env: dict[str, str]) -> None:
    command = manage("virtual_moxie", "--id", DEVICE, "--port", env["MQTT_PORT"])
    with running(command, env) as robot:
        robot.wait_for_line("got its configuration")
        robot.type("Hoy vi un gato")
        robot.wait_for_line("Moxie says: ¡Qué interesante!")
        robot.type("/nonsense")
        robot.wait_for_line("/nonsense: unknown")
        robot.type("/quit")
        assert robot.wait() == 0
        assert "switched off" in robot.output
        assert "Traceback" not in robot.output

    def is_offline() -> bool:
        database = sqlite3.connect(Path(env["MOXIE_WORK_DIR"]) / "moxie.sqlite3")
        try:
            return database.execute("select online from hive_robot").fetchall() == [(0,)]
        finally:
            database.close()

    wait_until(is_offline, "its departure")


def test_own_simulated_robot_is_let_in_and_another_id_waits(env: dict[str, str]) -> None:
    asking = env | {"HIVE_ALLOW_NEW_ROBOTS": "ask"}
    own = manage("virtual_moxie", "--port", env["MQTT_PORT"])
    other = [*own, "--id", DEVICE]
    with running(manage("run_hive"), asking) as hive, running(own, asking) as robot:
        hive.wait_for_line("hive ready at")
        with running(other, asking) as stranger:
            robot.wait_for_line("got its configuration")
            stranger.wait_for_line("this robot waits for approval; choose Let in")
            assert "got its configuration" not in stranger.output
        with running([*other, "--let-in"], asking) as stranger:
            stranger.wait_for_line("got its configuration")
    kept = Path(env["MOXIE_WORK_DIR"]) / "virtual_moxie.id"
    assert f"simulated robot d_{uuid.UUID(kept.read_text())}" in robot.output
    assert kept.stat().st_mode & 0o777 == 0o600
    guessed = uuid.uuid5(uuid.NAMESPACE_DNS, f"virtual-moxie.{socket.gethostname()}")
    assert str(guessed) not in robot.output, "anybody in the network could take its place"


def test_simulated_robot_ends_on_a_signal(env: dict[str, str]) -> None:
    with running(manage("virtual_moxie", "--port", env["MQTT_PORT"]), env) as robot:
        robot.wait_for_line("connected to the broker")
        robot.signal(signal.SIGTERM)
        assert robot.wait() == 0
        assert "Traceback" not in robot.output
