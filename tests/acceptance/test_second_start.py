"""A second start with the work directory of a running installation is refused and harms nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.support.tools import (
    Process,
    free_port,
    get_json,
    manage,
    run,
    running,
    wait_until,
)

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"


def free_ports() -> dict[str, str]:
    names = ("MQTT_PORT", "MQTT_SSL_PORT", "HIVE_PORT", "HTTP_PORT")
    return {name: str(free_port()) for name in names}


@dataclass
class Installation:
    """A running broker, hive and speech service with a connected robot."""

    work: Path
    environment: dict[str, str]
    process: Process

    def robot(self) -> dict[str, Any]:
        """Return the robot from the API, or an empty dict if it is unknown."""
        robots = get_json(f"http://127.0.0.1:{self.environment['HIVE_PORT']}/api/robots")["robots"]
        return dict(robots[0]) if robots else {}

    def is_online(self) -> bool:
        return bool(self.robot().get("online"))

    def broker_files(self) -> dict[str, tuple[int, bytes]]:
        """Return modification time and content of each broker file."""
        found = (self.work / "broker").rglob("*")
        files = [path for path in found if path.is_file() and path.suffix != ".db"]
        return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}

    def refusal(self, *command: str) -> str:
        """Run a command on other ports until it ends. Return its output."""
        with running(manage(*command), self.environment | free_ports()) as second:
            assert second.wait() == 1, second.output
        assert "Traceback" not in second.output
        return second.output


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    work = tmp_path_factory.mktemp("first") / "work"
    environment = free_ports() | {
        "MQTT_HOST": "localhost",
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "MOXIE_REQUIRE_LOGIN": "0",
        "TTS_ENGINE": "espeak",
        "TTS_AUDIO": "null",
    }
    run(manage("prepare"), environment)
    with running(manage("run_all"), environment) as process:
        process.wait_for_line("Moxie is ready", 60)
        moxie = VirtualMoxie(DEVICE, "127.0.0.1", int(environment["MQTT_SSL_PORT"]))
        moxie.start()
        try:
            moxie.wait_for(lambda robot: robot.config)
            yield Installation(work, environment, process)
        finally:
            moxie.stop()


@pytest.mark.parametrize(
    ("command", "service"),
    [
        ("run_all", "server (run_all)"),
        ("run_all --without-speech", "server (run_all)"),
        ("run_hive", "hive"),
        ("run_broker", "broker"),
        ("run_broker --development", "broker"),
        ("run_tts_subscriber", "speech service"),
    ],
)
def test_second_start_ends_with_one_error_line(
    first: Installation, command: str, service: str
) -> None:
    before, files = first.robot(), first.broker_files()
    output = first.refusal(*command.split())
    assert f"CommandError: A {service} runs already in {first.work} (process " in output
    assert len(output.splitlines()) == 1, output
    now = first.robot()
    assert now["online"]
    assert now["connected_at"] == before["connected_at"]
    assert first.broker_files() == files
    assert not first.process.is_over


def test_prepare_without_changes_succeeds_while_hive_runs(first: Installation) -> None:
    assert run(manage("prepare"), first.environment | free_ports()) == ""
    assert first.is_online()


def test_robot_marked_offline_from_outside_is_online_again(first: Installation) -> None:
    with closing(sqlite3.connect(first.work / "moxie.sqlite3", timeout=10)) as database, database:
        assert database.execute("update hive_robot set online = 0").rowcount == 1
    wait_until(first.is_online, "the robot that is still connected")
