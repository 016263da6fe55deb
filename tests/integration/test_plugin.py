"""script/plug-into, an OpenMoxie that is run as ever, and a robot: everything said is mirrored."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.openmoxie import (
    ROBOT,
    SOURCES,
    STAND_IN,
    OpenMoxie,
    SpeechService,
    plug,
    talk,
    tls_broker,
)
from tests.tools import wait_until


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout of the stand-in, as somebody cloned it."""
    path = tmp_path / STAND_IN.name
    ignored = shutil.ignore_patterns("__pycache__", "work")
    shutil.copytree(STAND_IN, path, ignore=ignored)
    (path / ".gitignore").write_text("__pycache__/\nsite/work/\n")
    settings = path / "site/openmoxie/settings.py"
    settings.write_bytes(settings.read_bytes().rstrip())  # upstream's ends without a newline
    git(path, "init", "-q")
    git(path, "add", "-A")
    git(path, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "As cloned")
    return path


def git(path: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=path, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def robot_port(tmp_path: Path) -> Iterator[int]:
    with tls_broker(tmp_path) as port:
        yield port


def test_an_openmoxie_with_the_plug_in_mirrors_all_that_its_robot_says(
    checkout: Path, mosquitto: Broker, robot_port: int
) -> None:
    assert plug(checkout).returncode == 0
    environment = {"STANDIN_PORT": str(robot_port), "MOXIE_TTS_MQTT_PORT": str(mosquitto.port)}
    openmoxie = OpenMoxie(checkout, sys.executable, **environment, MQTT_PORT="8883")
    openmoxie.prepare()
    speech = SpeechService(mosquitto.port)
    robot = VirtualMoxie(ROBOT, "localhost", robot_port)
    try:
        openmoxie.start()
        talk(openmoxie, robot)
        wait_until(lambda: len(speech.heard) >= len(SOURCES) and speech.controls, "the sentences")
        assert [each["text"] for each in speech.heard] == [
            words for words in robot.said if not words.startswith("animation:")
        ]
        assert [each["source"] for each in speech.heard] == SOURCES
        assert (speech.heard[0]["mood"], speech.heard[0]["intensity"]) == ("happy", 0.7)
        assert speech.controls == [{"action": "interrupt", "device_id": ROBOT}]

        wait_until(lambda: [row[2:] for row in openmoxie.history()] == [("spoken", 1)] * 6)
        page = openmoxie.admin("ttsmonitor/utterance/")
        assert "Hola, soy Moxie" in page
        assert "confirmed by the robot" in page
        assert "Traceback" not in openmoxie.output
    finally:
        robot.stop()
        openmoxie.close()
        speech.close()

    assert plug(checkout, "--remove").returncode == 0
    assert git(checkout, "status", "--porcelain") == ""
