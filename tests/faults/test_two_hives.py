"""Two hives with work directories of their own at one broker, and one that is away for a while."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hive.mqtt.virtual_moxie import OWN_MODULE, VirtualMoxie
from tests.conftest import Broker
from tests.support.history import history_of, outbox_of
from tests.support.tools import (
    PATIENCE_SECONDS,
    Process,
    free_port,
    get_json,
    manage,
    running,
    wait_until,
)

pytestmark = pytest.mark.faults
DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"
SENTENCES = [f"Frase número {number}" for number in range(3)]

Install = Callable[..., dict[str, str]]


@pytest.fixture
def speech(install: Install) -> Iterator[dict[str, str]]:
    """Run a speech service; return its environment."""
    environment = install(TTS_ENGINE="espeak", TTS_AUDIO="null")
    with running(manage("run_tts_subscriber"), environment) as process:
        process.wait_for_line("connected to the broker")
        yield environment


@pytest.fixture
def robot(mosquitto: Broker) -> Iterator[VirtualMoxie]:
    robot = VirtualMoxie(DEVICE, mosquitto.host, mosquitto.port, tls=False)
    robot.start()
    yield robot
    robot.stop()


@pytest.fixture
def hives(install: Install, tmp_path: Path) -> list[dict[str, str]]:
    """Return the environments of two hives."""
    return [
        install(
            MOXIE_WORK_DIR=str(tmp_path / name),
            HIVE_PORT=str(free_port()),
            MOXIE_REQUIRE_LOGIN="0",
            DEBUG="1",
        )
        for name in ("first", "second")
    ]


@contextmanager
def hive(environment: dict[str, str]) -> Iterator[Process]:
    with running(manage("run_hive"), environment) as process:
        process.wait_for_line("hive ready at")
        yield process


def broker_check(environment: dict[str, str]) -> dict[str, Any]:
    check: dict[str, Any] = get_json(f"http://127.0.0.1:{environment['HIVE_PORT']}/health")[
        "checks"
    ]["broker"]
    return check


def page_says(environment: dict[str, str], words: str) -> bool:
    """Return True if the dashboard says these words in the loudspeaker's card."""
    url = f"http://127.0.0.1:{environment['HIVE_PORT']}/"
    request = urllib.request.Request(url, headers={"Accept-Language": "en"})
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
        return words in response.read().decode()


def texts(speech: dict[str, str]) -> list[str]:
    return [text for text, _status, _error in history_of(speech)]


def answers(robot: VirtualMoxie) -> list[Any]:
    return [payload for name, payload in robot.commands if name == "remote_chat"]


def test_second_hive_waits_and_both_say_so(
    hives: list[dict[str, str]], speech: dict[str, str], robot: VirtualMoxie, mosquitto: Broker
) -> None:
    first, second = hives
    with hive(first) as serving:
        wait_until(lambda: broker_check(first)["ok"], "the first hive")
        with hive(second):
            wait_until(lambda: "another hive" in broker_check(second)["detail"], "the second")
            wait_until(lambda: "a second hive" in broker_check(first)["detail"], "the first")
            wait_until(
                lambda: page_says(second, "Another hive serves the robots"), "the second's page"
            )
            wait_until(
                lambda: page_says(first, "A second hive is at the broker"), "the first's page"
            )
            robot.prompt()
            wait_until(lambda: answers(robot), "the answer")
            for sentence in SENTENCES:
                robot.notify(sentence, OWN_MODULE)
            (opener,) = robot.wait_for(lambda robot: list(robot.said))
            expected = Counter([opener, *SENTENCES])
            wait_until(lambda: len(texts(speech)) >= len(expected), "the history")
            serving.signal(signal.SIGTERM)
            serving.wait()
            wait_until(lambda: broker_check(second)["ok"], "it to take over")
            robot.notify("Al segundo", OWN_MODULE)
            wait_until(lambda: "Al segundo" in texts(speech), "the second's sentence")
    assert Counter(texts(speech)) == expected + Counter(["Al segundo"])
    assert len(answers(robot)) == 1
    assert "already connected" not in mosquitto.process.output


def test_one_of_two_hives_stays_that_come_at_once(
    hives: list[dict[str, str]], speech: dict[str, str], robot: VirtualMoxie, mosquitto: Broker
) -> None:
    first, second = hives
    mosquitto.process.close()
    with hive(first), hive(second):
        mosquitto.start()
        wait_until(
            lambda: sum("another hive" in broker_check(each)["detail"] for each in hives) == 1,
            "one to wait",
        )
        wait_until(lambda: texts(speech) == [] and robot.config, "the robot's configuration")
        robot.notify("Una vez", OWN_MODULE)
        robot.notify("La última", OWN_MODULE)
        wait_until(lambda: "La última" in texts(speech), "the history")
        wait_until(lambda: not outbox_of(first) + outbox_of(second), "the confirmations")
    assert Counter(texts(speech)) == Counter(["Una vez", "La última"])


def test_report_while_the_hive_is_away_is_mirrored_and_spoken_if_fresh(
    hives: list[dict[str, str]], speech: dict[str, str], robot: VirtualMoxie
) -> None:
    environment, _other = hives
    seen = Path(environment["MOXIE_WORK_DIR"]) / "hive.seen"
    with hive(environment) as process:
        wait_until(lambda: robot.config, "the robot's configuration")
        robot.notify("Antes", OWN_MODULE)
        wait_until(lambda: ("Antes", "spoken", "") in history_of(speech), "the first sentence")
        process.signal(signal.SIGKILL)
        process.wait()
    robot.notify("Hace poco", OWN_MODULE)
    robot.prompt()
    with hive(environment) as process:
        wait_until(lambda: ("Hace poco", "spoken", "") in history_of(speech), "what was said")
        wait_until(lambda: seen.exists(), "its note")
        process.signal(signal.SIGTERM)
        process.wait()
    robot.notify("Hace mucho", OWN_MODULE)
    robot.prompt()
    asked = len(answers(robot))
    long_ago = time.time() - 3_600
    os.utime(seen, (long_ago, long_ago))
    with hive(environment):
        wait_until(lambda: "Hace mucho" in texts(speech), "what was said")
        # Until the hive knows that all that waited has come, a new report may be as old.
        wait_until(lambda: seen.stat().st_mtime > long_ago + 1, "the end of what waited")
        robot.notify("Ahora", OWN_MODULE)
        wait_until(lambda: ("Ahora", "spoken", "") in history_of(speech), "the next sentence")
    rows = {text: status for text, status, _error in history_of(speech)}
    assert rows["Hace mucho"] == "expired"
    assert len(answers(robot)) == asked
