"""script/plug-into, an OpenMoxie that is run as ever, and a robot: everything said is mirrored."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import asgiref
import django
import paho
import pytest
import sqlparse
import typing_extensions

from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.support.openmoxie import (
    ROBOT,
    SOURCES,
    OpenMoxie,
    SpeechService,
    cloned,
    git,
    plug,
    talk,
    tls_broker,
)
from tests.support.tools import wait_until

OWN = sys._base_executable  # type: ignore[attr-defined]  # no package of the tests' venv
PYTHONS = [OWN, *os.environ.get("PLUGIN_PYTHONS", "").split()]
"""The variable adds those of venvs with other versions of Django and paho."""
SIBLINGS = sorted(Path(sys.base_prefix).parent.glob("3.1[0-3].*/bin/python3"))
OTHERS = [
    found
    for version in ("3.10", "3.12", "3.13")
    if (found := next((str(each) for each in SIBLINGS if f"/{version}." in str(each)), ""))
    or ((found := shutil.which(f"python{version}") or "") and "shims" not in found)
]
"""Other versions of Python on this machine, if there are any."""
PACKAGES = (django, paho, asgiref, sqlparse, typing_extensions)
"""All that an OpenMoxie's Python needs for the plug-in."""
LIGHT = """
import sys
class OnlyDjangoAndPaho:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {
            "amqtt", "channels", "cryptography", "daphne", "dj_database_url", "espeakng_loader",
            "numpy", "onnx", "onnxruntime", "piper", "psycopg", "pyaudio", "tqdm", "twisted",
            "whitenoise",
        }:
            raise ModuleNotFoundError(f"the plug-in wants {name}", name=name)
sys.meta_path.insert(0, OnlyDjangoAndPaho())
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return cloned(tmp_path)


@pytest.fixture
def robot_port(tmp_path: Path) -> Iterator[int]:
    with tls_broker(tmp_path) as port:
        yield port


@pytest.fixture
def light(tmp_path: Path) -> str:
    """A folder for the path of a bare Python: Django and paho, and nothing else."""
    folder = tmp_path / "light"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(LIGHT)
    for package in PACKAGES:
        source = Path(str(package.__file__))
        source = source.parent if source.name == "__init__.py" else source
        (folder / source.name).symlink_to(source)
    return str(folder)


@pytest.mark.parametrize("python", OTHERS, ids=lambda path: re.search(r"3\.\d+", path)[0])  # type: ignore[index]
def test_it_loads_on_other_versions_of_python(checkout: Path, light: str, python: str) -> None:
    assert plug(checkout).returncode == 0
    openmoxie = OpenMoxie(checkout, python, PYTHONPATH=light)
    openmoxie.manage("migrate")
    look = (
        "from ttsmonitor import admin; from ttsmonitor.publishing import plugin;"
        " print(len(plugin._taken), plugin.instrument())"
    )
    assert openmoxie.manage("shell", "-c", look).split("\n")[-2] == "3 []"


@pytest.mark.parametrize("python", PYTHONS)
def test_an_openmoxie_with_the_plug_in_mirrors_all_that_its_robot_says(
    checkout: Path, mosquitto: Broker, robot_port: int, light: str, python: str
) -> None:
    assert plug(checkout).returncode == 0
    openmoxie = OpenMoxie(
        checkout,
        python,
        PYTHONPATH=light,
        STANDIN_PORT=str(robot_port),
        MOXIE_TTS_MQTT_PORT=str(mosquitto.port),
        MQTT_PORT="8883",  # theirs
    )
    openmoxie.prepare()
    assert "No changes" in openmoxie.manage("makemigrations", "--check")
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
        page = openmoxie.admin("ttsmirror/utterance/")
        assert "Hola, soy Moxie" in page
        assert "confirmed by the robot" in page
        assert "Traceback" not in openmoxie.output
    finally:
        robot.stop()
        openmoxie.close()
        speech.close()

    assert plug(checkout, "--remove").returncode == 0
    assert git(checkout, "status", "--porcelain") == ""
