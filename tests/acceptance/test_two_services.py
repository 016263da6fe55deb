"""A second speech service with the same identity is refused without disturbing the first."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Broker
from tests.support.tools import (
    Listener,
    Process,
    free_port,
    manage,
    running,
    wait_until,
)

PRESENCE = "moxie/system/health/tts-subscriber"


@pytest.fixture
def environment(install: Callable[..., dict[str, str]]) -> dict[str, str]:
    return install(TTS_ENGINE="espeak", TTS_AUDIO="null")


@pytest.fixture
def listener(listen: Callable[..., Listener]) -> Listener:
    return listen("moxie/tts/status", PRESENCE)


@pytest.fixture
def first(environment: dict[str, str], listener: Listener) -> Iterator[Process]:
    """Run the service that started first."""
    with running(manage("run_tts_subscriber"), environment) as process:
        wait_until(lambda: presences(listener), "its birth")
        yield process


def presences(listener: Listener) -> list[str]:
    return [json.loads(payload)["status"] for payload in listener.payloads(PRESENCE)]


def events(listener: Listener) -> list[str]:
    told = [json.loads(payload) for payload in listener.payloads("moxie/tts/status")]
    return [each["event"] for each in told if "event" in each]


def copy_of(environment: dict[str, str], directory: Path) -> dict[str, str]:
    """Return the environment of a copied work directory, as on another computer."""
    passing = shutil.ignore_patterns("*-journal")  # of a transaction that ends meanwhile
    shutil.copytree(environment["MOXIE_WORK_DIR"], directory, ignore=passing)
    return environment | {"MOXIE_WORK_DIR": str(directory), "HTTP_PORT": str(free_port())}


def refusal(environment: dict[str, str]) -> str:
    """Start a service that is to be refused. Return its output."""
    with running(manage("run_tts_subscriber"), environment) as process:
        assert process.wait() == 1, process.output
    assert "Traceback" not in process.output
    return process.output


def assert_undisturbed(first: Process, mosquitto: Broker, listener: Listener) -> None:
    """Assert that the service speaks and was never evicted from the broker."""
    listener.publish("moxie/tts/text", '{"text": "Sigo aquí."}')
    wait_until(lambda: "spoken" in events(listener), "its voice")
    assert presences(listener) == ["online"]
    assert "already connected" not in mosquitto.process.output
    connected = re.findall(r"moxie-tts-subscriber\S* connected to the broker", first.output)
    assert len(connected) == 1


def test_second_service_in_same_directory_is_refused(
    first: Process, environment: dict[str, str], mosquitto: Broker, listener: Listener
) -> None:
    words = refusal(environment | {"HTTP_PORT": str(free_port())})
    assert f"A speech service runs already in {environment['MOXIE_WORK_DIR']}" in words
    assert f"process {first.pid}" in words
    assert_undisturbed(first, mosquitto, listener)


def test_second_service_in_copied_directory_is_refused(
    first: Process,
    environment: dict[str, str],
    mosquitto: Broker,
    listener: Listener,
    tmp_path: Path,
) -> None:
    copy = copy_of(environment, tmp_path / "copy")
    words = refusal(copy)
    assert words.count("Another speech service is at the broker") == 1
    assert f"{copy['MOXIE_WORK_DIR']}/installation_id" in words
    assert_undisturbed(first, mosquitto, listener)


def test_only_one_service_stays_at_a_restarted_broker(
    first: Process,
    environment: dict[str, str],
    mosquitto: Broker,
    listener: Listener,
    tmp_path: Path,
) -> None:
    mosquitto.process.close()
    copy = copy_of(environment, tmp_path / "copy")
    with running(manage("run_tts_subscriber"), copy) as second:
        second.wait_for_line("no broker answers")
        mosquitto.start()
        both = {first.pid: first, second.pid: second}
        gone = wait_until(lambda: [each for each in both.values() if each.is_over], "one to go")
        assert len(gone) == 1
        assert gone[0].wait() == 1
        assert "Another speech service is at the broker" in gone[0].output
        (left,) = both.keys() - {gone[0].pid}
        # The birth message proves nothing: an earlier one is in the list.
        listener.publish("moxie/tts/text", '{"text": "Sigo aquí."}')
        wait_until(lambda: "spoken" in events(listener), "the other one")
        assert not both[left].is_over


def test_killed_service_does_not_delay_the_next(
    first: Process, environment: dict[str, str], listener: Listener
) -> None:
    first.signal(signal.SIGKILL)
    first.wait()
    with running(manage("run_tts_subscriber"), environment):
        wait_until(lambda: presences(listener)[-2:] == ["offline", "online"], "the next one")
