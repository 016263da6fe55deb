"""All that a page of the hive shows, at one moment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings

from hive.lines import phrases
from hive.models import Robot
from hive.mqtt.moxie_server import get_moxie_server
from ttsmonitor.conf import conf


def dashboard() -> dict[str, Any]:
    """The robots and the speech service."""
    robots = [robot.describe() for robot in Robot.objects.all()]
    return {"robots": robots, "speech": get_moxie_server().speech.describe()}


def puppet(robot: Robot) -> dict[str, Any]:
    """A robot, what was said through it lately, and the speech service."""
    server = get_moxie_server()
    lines = server.lines.recent(robot.device_id)
    return {
        "robot": robot.describe(),
        "lines": lines,
        "phrases": phrases(lines),
        "speech": server.speech.describe(),
    }


def simulator_command() -> str:
    """What starts a simulated robot that finds this broker, to be typed in the project's folder."""
    python = Path(sys.executable)
    if python.is_relative_to(settings.PROJECT_ROOT):
        python = python.relative_to(settings.PROJECT_ROOT)
    tls = " --tls" if conf.MQTT_TLS else ""
    return (
        f"{python} manage.py virtual_moxie --host {conf.MQTT_HOST} --port {conf.broker_port}{tls}"
    )
