"""`manage.py run_all`: all processes start, report it, and end together."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hive.process.supervisor import STOP_SECONDS
from tests.conftest import Broker
from tests.support.tools import (
    PATIENCE_SECONDS,
    Listener,
    Process,
    Stopwatch,
    answers,
    free_port,
    manage,
    run,
    wait_until,
)
from ttsmonitor.system.commands import manage_command

READY = "Moxie is ready"
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CONNECTION = re.compile(
    r"New (client connected|connection)|disconnected|closed its connection"
    r"|connected to the broker"
)


@dataclass
class Everything:
    """run_all on its own ports."""

    environment: dict[str, str]
    process: Process | None = None

    def start(self, *options: str) -> Process:
        self.process = Process(manage("run_all", *options), self.environment)
        return self.process

    def port(self, name: str) -> int:
        return int(self.environment[name])

    def pid(self, name: str) -> int:
        assert self.process is not None
        found = re.search(rf"{name} started \(pid=(\d+)\)", self.process.output)
        assert found, self.process.output
        return int(found[1])

    def is_gone(self) -> bool:
        """Return True if none of its ports is open any more."""
        names = ("HIVE_PORT", "HTTP_PORT", "MQTT_SSL_PORT")
        return not any(answers(self.port(name)) for name in names)


def prepare(environment: dict[str, str], *options: str) -> str:
    """Prepare database and static files. Return the output."""
    return run(manage("prepare", *options), environment)


def settings_of(work: Path) -> dict[str, str]:
    """Return the environment of an installation, with ports of its own."""
    ports = {
        name: str(free_port()) for name in ("MQTT_PORT", "MQTT_SSL_PORT", "HIVE_PORT", "HTTP_PORT")
    }
    return ports | {
        "MQTT_HOST": "localhost",
        "MOXIE_WORK_DIR": str(work),
        "DJANGO_SETTINGS_MODULE": "openmoxie.settings",
        "TTS_AUDIO": "null",
    }


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Return work directories to copy: without an account, and with one."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "fresh").mkdir(mode=0o755)
    prepare(settings_of(folder / "fresh"), "--no-account")
    assert not readable_by_others(folder / "fresh")
    shutil.copytree(folder / "fresh", folder / "with_account")
    prepare(settings_of(folder / "with_account"))
    return {False: folder / "fresh", True: folder / "with_account"}


@pytest.fixture
def fresh(tmp_path: Path, prepared: dict[bool, Path]) -> Iterator[Everything]:
    """Return an installation before its first start, without an account."""
    shutil.copytree(prepared[False], tmp_path / "work")
    fresh = Everything(settings_of(tmp_path / "work"))
    yield fresh
    if fresh.process is not None:
        fresh.process.close()


@pytest.fixture
def everything(fresh: Everything, prepared: dict[bool, Path]) -> Everything:
    """Return an installation that has an account."""
    work = Path(fresh.environment["MOXIE_WORK_DIR"])
    shutil.copytree(prepared[True], work, dirs_exist_ok=True)
    return fresh


def test_first_account_is_shown_once(everything: Everything) -> None:
    assert prepare(everything.environment) == ""


def test_first_start_ends_with_the_account(fresh: Everything) -> None:
    process = fresh.start()
    process.wait_for_line("Forgotten it?", 60)
    # The robot's line comes last, so everything before it was printed by then.
    robot = Process(manage("virtual_moxie", "--id", DEVICE), fresh.environment)
    process.wait_for_line(f"robot {DEVICE} is connected")
    robot.close()
    process.wait_for_line(f"robot {DEVICE} is gone")
    process.signal(signal.SIGINT)
    assert process.wait() == 0, process.output

    lines = process.lines
    (password,) = (n for n, line in enumerate(lines) if line.startswith("  password  "))
    (ready,) = (n for n, line in enumerate(lines) if READY in line)
    (robot_line,) = (n for n, line in enumerate(lines) if "is connected" in line)
    assert ready < password
    after = [line for line in lines[password + 1 : robot_line] if line]
    link = re.escape(f"http://localhost:{fresh.environment['HIVE_PORT']}/accounts/once/")
    assert re.fullmatch(rf"  login     {link}\S{{43}}/", after[0])
    assert after[1:] == [
        "            (on this computer, once, within 10 minutes)",
        f"Forgotten it? {manage_command('reset_password')}",
    ]
    assert [line for line in lines if " ERROR " in line or "Traceback" in line] == []
    assert [line for line in lines if CONNECTION.search(line)] == []


def test_interrupted_start_leaves_account_to_the_next(fresh: Everything) -> None:
    process = fresh.start()
    process.wait_for_line("hive started")
    process.signal(signal.SIGINT)
    assert process.wait() == 0, process.output
    assert "password" not in process.output
    process.close()
    again = fresh.start()
    again.wait_for_line("Forgotten it?", 60)
    assert "  password  " in again.output
    again.signal(signal.SIGINT)
    assert again.wait() == 0, again.output


def readable_by_others(work: Path) -> list[str]:
    """Return what another user of the computer may read, list or enter."""
    return [str(path) for path in (work, *work.rglob("*")) if path.lstat().st_mode & 0o077]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_run_all_prints_addresses_and_stops_cleanly(
    everything: Everything, number: signal.Signals
) -> None:
    work = Path(everything.environment["MOXIE_WORK_DIR"])
    for path in (work, *work.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    process = everything.start()
    process.wait_for_line(READY, 60)
    wait_until(lambda: "download_voice" in process.output, "the rest of the summary")
    assert not readable_by_others(work)
    assert "no broker answers" not in process.output  # the broker started before its clients
    assert "password" not in process.output  # only the first start shows the account
    for name in ("HIVE_PORT", "HTTP_PORT"):
        assert f"http://localhost:{everything.port(name)}/" in process.output
    process.signal(number)
    assert process.wait() == 0, process.output
    assert everything.is_gone()
    assert "Traceback" not in process.output
    broker_stop = process.output.index("broker stopped")
    assert max(process.output.index(f"{name} stopped") for name in ("hive", "speech")) < broker_stop


def test_dead_processes_are_started_again(everything: Everything) -> None:
    process = everything.start()
    process.wait_for_line(READY, 60)
    for victim in ("broker", "hive", "speech"):
        os.kill(everything.pid(victim), signal.SIGKILL)
        process.wait_for_line(f"{victim} ended by itself, exit code -9: it is started again in 1 s")
        wait_until(lambda victim=victim: process.output.count(f"{victim} started") == 2, victim)  # type: ignore[misc]
    for name in ("MQTT_PORT", "HIVE_PORT", "HTTP_PORT"):
        wait_until(lambda name=name: answers(everything.port(name)), name)  # type: ignore[misc]
    process.signal(signal.SIGINT)
    assert process.wait() == 0, process.output
    assert everything.is_gone()


def test_killed_supervisor_leaves_no_process(everything: Everything) -> None:
    process = everything.start()
    process.wait_for_line(READY, 60)
    process.signal(signal.SIGKILL)
    process.wait()
    wait_until(everything.is_gone, "the end of its processes")


def test_second_signal_forces_the_end(everything: Everything) -> None:
    process = everything.start()
    process.wait_for_line(READY, 60)
    os.kill(everything.pid("speech"), signal.SIGSTOP)  # it ignores the first signal
    process.signal(signal.SIGINT)
    process.wait_for_line("hive stopped")
    process.signal(signal.SIGINT)
    with Stopwatch() as watch:
        assert process.wait() == 1
    assert watch.seconds < STOP_SECONDS / 2
    assert "speech did not stop cleanly" in process.output
    assert everything.is_gone()


@pytest.mark.parametrize("moment", ["the broker answers", "the hive is started"])
def test_stop_during_start_leaves_no_process(everything: Everything, moment: str) -> None:
    process = everything.start()
    if moment == "the broker answers":
        wait_until(lambda: answers(everything.port("MQTT_PORT")), "the broker")
    else:
        process.wait_for_line("hive started")
    process.signal(signal.SIGINT)
    assert process.wait() == 0, process.output
    assert READY not in process.output
    assert everything.is_gone()


def test_running_broker_is_used(everything: Everything, mosquitto: Broker) -> None:
    everything.environment["MQTT_PORT"] = str(mosquitto.port)
    process = everything.start()
    process.wait_for_line(READY, 60)
    process.wait_for_line(f"localhost:{mosquitto.port}, which was running already")
    assert "broker started" not in process.output
    process.signal(signal.SIGINT)
    assert process.wait() == 0
    assert answers(mosquitto.port)


def test_without_speech_hive_and_broker_run_alone(everything: Everything) -> None:
    # The port of the speech service is taken, and that does not matter.
    with socket.create_server(("127.0.0.1", everything.port("HTTP_PORT"))):
        process = everything.start("--without-speech")
        process.wait_for_line(READY, 60)
        wait_until(lambda: "Monitor  on the computer" in process.output, "the rest of the summary")
        assert "on the computer with the speech service" in process.output
        assert not re.search(r"speech started|download_voice", process.output)
        process.signal(signal.SIGINT)
        assert process.wait() == 0, process.output
    assert everything.is_gone()


def test_stop_waits_for_the_sentence_within_drain_time(
    everything: Everything,
) -> None:
    everything.environment |= {"TTS_DRAIN_SECONDS": "30", "TTS_ENGINE": "espeak"}
    process = everything.start()
    process.wait_for_line(READY, 60)
    listener = Listener(everything.port("MQTT_PORT"), "moxie/tts/status")
    listener.publish("moxie/tts/text", "Había una vez un robot que quería aprender a bailar. " * 5)

    def events() -> list[str]:
        told = [json.loads(payload) for _topic, payload in list(listener.messages)]
        return [each["event"] for each in told if "event" in each]

    wait_until(lambda: "playing" in events(), "the beginning")
    began = time.monotonic()
    process.signal(signal.SIGINT)
    assert process.wait(60) == 0, process.output
    listener.close()
    assert events()[-1] == "spoken", process.output
    assert time.monotonic() - began > STOP_SECONDS, "it was too short to tell"


@pytest.mark.parametrize("name", ["HIVE_PORT", "MQTT_PORT"])
def test_taken_port_ends_with_one_error_line(everything: Everything, name: str) -> None:
    with socket.create_server(("127.0.0.1", everything.port(name))) as server:
        server.settimeout(PATIENCE_SECONDS)
        process = everything.start()
        if name == "MQTT_PORT":
            connection, _address = server.accept()
            connection.recv(100)
            connection.close()
        assert process.wait() == 1
    (line,) = process.lines
    assert line.startswith("CommandError: ")
    assert name in line
    assert str(everything.port(name)) in line


def test_remote_broker_is_awaited_and_not_started(everything: Everything) -> None:
    everything.environment["MQTT_HOST"] = "mqtt.invalid"
    process = everything.start()
    process.wait_for_line("monitor ready", 60)
    assert "broker started" not in process.output
    process.signal(signal.SIGTERM)
    assert process.wait() == 0, process.output
