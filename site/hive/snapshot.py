"""The data that a page of the hive shows when it is opened."""

from __future__ import annotations

from typing import Any

from hive.chat.language_model import is_installed
from hive.models import ChatModule, Robot
from hive.mqtt.moxie_server import get_moxie_server
from hive.puppet import favourites
from ttsmonitor.conf import conf
from ttsmonitor.history.robot_names import robot_names
from ttsmonitor.system.commands import manage_command


def dashboard() -> dict[str, Any]:
    """Return the robots, how new ones are let in, and the state of the speech service."""
    server = get_moxie_server()
    robot_names.refresh()
    return {
        "robots": [robot.describe() for robot in Robot.objects.all()],
        "admission": server.admission.describe(),
        "speech": server.speech.describe(),
    }


def puppet(robot: Robot | None) -> dict[str, Any]:
    """Return a robot, its recent lines and the state of the speech service.

    Without a robot, the lines are those of the loudspeaker alone.
    """
    server = get_moxie_server()
    lines = server.lines.recent(robot.device_id if robot else "")
    return {
        "robot": robot.describe() if robot else None,
        "lines": lines,
        "recent": favourites.recent(lines),
        "favourites": favourites.kept(),
        "speech": server.speech.describe(),
    }


def chat(visit: str) -> dict[str, Any]:
    """Return a conversation, the modules and the state of the speech service."""
    server = get_moxie_server()
    return {
        "lines": server.chat.visits.lines(visit),
        "modules": [_module(module) for module in ChatModule.objects.enabled()],
        "speech": server.speech.describe(),
    }


def _module(module: ChatModule) -> dict[str, Any]:
    """Return a module as the page shows it; `talker` names the companion or model that answers."""
    if not module.model_name:
        talker = "companion"
    else:
        talker = "model" if is_installed() else "missing"
    return {
        "id": module.pk,
        "name": module.name,
        "lang": module.lang,
        "model": module.model_name,
        "talker": talker,
    }


def simulator_command() -> str:
    """Return the command line that starts a simulated robot at this broker."""
    tls = " --tls" if conf.MQTT_TLS else ""
    return manage_command(f"virtual_moxie --host {conf.MQTT_HOST} --port {conf.broker_port}{tls}")
