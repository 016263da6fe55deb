"""An OpenMoxie with the plug-in mirrors everything that its robot says."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hive.mqtt.virtual_moxie import VirtualMoxie
from tests.conftest import Broker
from tests.support.openmoxie import (
    ROBOT,
    SOURCES,
    OpenMoxie,
    SpeechService,
    bare_packages,
    git,
    plug,
    talk,
    tls_broker,
)
from tests.support.tools import ROOT, Listener, wait_until
from ttsmirror.wire.messages import HEALTH_TOPIC, PLUG_IN_COMPONENT

OWN = sys._base_executable  # type: ignore[attr-defined]  # no package of the tests' venv
PYTHONS = [OWN, *os.environ.get("PLUGIN_PYTHONS", "").split()]
"""The variable adds those of venvs with other versions of Django and paho."""
SIBLINGS = sorted(Path(sys.base_prefix).parent.glob("3.1[0-4].*/bin/python3"))
OTHERS = [
    found
    for version in ("3.10", "3.12", "3.13", "3.14")
    if (found := next((str(each) for each in SIBLINGS if f"/{version}." in str(each)), ""))
    or ((found := shutil.which(f"python{version}") or "") and "shims" not in found)
]
"""Other versions of Python on this machine, if there are any."""
PRESENCE = f"{HEALTH_TOPIC}/{PLUG_IN_COMPONENT}"
LOOK = """
import importlib, pkgutil
import ttsmirror
from django.contrib.auth import get_user_model
from django.test import Client
from ttsmirror.instrumentation import openmoxie
names = [each.name for each in pkgutil.walk_packages(ttsmirror.__path__, "ttsmirror.")]
for name in names:
    importlib.import_module(name)
print("modules", len(names), "patched", len(openmoxie._taken), "missing", openmoxie.instrument())
client = Client()
client.force_login(get_user_model().objects.create_superuser("parent"))
for page in ("utterance", "outboxentry"):
    print(page, client.get(f"/admin/ttsmirror/{page}/").status_code)
"""


def heard(listener: Listener) -> list[dict[str, Any]]:
    return [json.loads(payload) for payload in listener.payloads(PRESENCE)]


@pytest.fixture
def robot_port(tmp_path: Path) -> Iterator[int]:
    with tls_broker(tmp_path) as port:
        yield port


@pytest.fixture
def light(tmp_path: Path) -> str:
    return bare_packages(tmp_path / "light")


@pytest.mark.parametrize(
    "python", [OWN, *OTHERS], ids=lambda path: re.findall(r"3\.\d+", f"{path} 3.0")[0]
)
def test_every_module_loads_with_django_and_paho_alone(
    checkout: Path, light: str, python: str
) -> None:
    assert plug(checkout).returncode == 0
    openmoxie = OpenMoxie(checkout, python, PYTHONPATH=light)
    openmoxie.manage("migrate")
    seen = openmoxie.manage("shell", "-c", LOOK)
    modules = len(list((ROOT / "site/ttsmirror").rglob("*.py"))) - 1  # without its __init__.py
    assert f"modules {modules} patched 4 missing []" in seen
    assert "utterance 200" in seen
    assert "outboxentry 200" in seen


@pytest.mark.parametrize("python", PYTHONS)
def test_plugged_in_openmoxie_mirrors_all_robot_speech(
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
    presence = Listener(mosquitto.port, PRESENCE)
    robot = VirtualMoxie(ROBOT, "localhost", robot_port)
    try:
        openmoxie.start()
        wait_until(lambda: [told["status"] for told in heard(presence)] == ["online"])
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
        assert "said by the robot" in page.lower()
        assert page.count("icon-yes") == len(SOURCES)
        assert "Traceback" not in openmoxie.output
    finally:
        robot.stop()
        openmoxie.close()
        speech.close()
    wait_until(lambda: [told["status"] for told in heard(presence)] == ["online", "offline"])
    presence.close()

    assert plug(checkout, "--remove").returncode == 0
    assert git(checkout, "status", "--porcelain") == ""
