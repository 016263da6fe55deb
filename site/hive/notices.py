"""The hive's notices in the status line of every page."""

from __future__ import annotations

from collections.abc import Iterable

from hive.models import Robot
from ttsmirror.database import AWAY
from ttsmonitor.web.notices import Notice


def robot_notices() -> Iterable[Notice]:
    """Return a notice while no robot that was let in is online."""
    try:
        robots = list(Robot.objects.approved())
    except AWAY:
        return []  # the health check of the database reports it
    if not robots or any(robot.online for robot in robots):
        return []
    return [Notice("robots", str(robots[0]) if len(robots) == 1 else "")]
