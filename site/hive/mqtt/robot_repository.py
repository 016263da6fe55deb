"""The robots' rows in the database, read and written on a thread of their own.

The thread that handles robots' messages only leaves changes here. While the database is slow or
away, changes wait in memory, and the rows as last read stay available.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from hive.events import push_gone, push_robot
from hive.models import Approval, Robot
from hive.mqtt.task_thread import TaskThread
from hive.setup_cache import SetupCache
from ttsmirror.database import AWAY
from ttsmonitor.history.robot_names import robot_names

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
"""Changes by another process are known within this time: the monitor's port has an admin too."""
FORGET_AFTER = timedelta(days=1)
"""A robot that waits for approval is forgotten after so long an absence."""

Fields = dict[str, Any]


class RobotRepository:
    """A cache of the robots' rows that writes behind.

    Call start() and stop() once each. The other methods may be called from any thread and never
    wait for the database.
    """

    def __init__(
        self,
        setup: SetupCache,
        on_refresh: Callable[[], None] = lambda: None,
        worker: TaskThread | None = None,
    ) -> None:
        """Refresh `setup` too, and call `on_refresh` after each read, on this object's thread."""
        self._setup = setup
        self._worker = worker or TaskThread("hive.database")
        self.on_refresh = on_refresh
        self._lock = threading.Lock()
        self._robots: dict[str, Robot] = {}
        self._changes: dict[str, Fields] = {}
        self._is_first = True
        self._is_away = False

    def start(self) -> None:
        """Read everything once, then continue in the background."""
        self._refresh()
        self._worker.start()

    @property
    def fault(self) -> str:
        """Why the thread does not do its work; empty if it does."""
        return self._worker.fault

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Mark all robots offline and end the thread."""
        self._worker.submit(self._write_departures)
        self._worker.stop(timeout_seconds)

    def update(self, device_id: str, fields: Fields) -> None:
        """Have these fields of a robot written and shown on its pages."""
        with self._lock:
            self._changes.setdefault(device_id, {}).update(fields)
        # They share a key, so that all changes that come meanwhile are written together.
        self._worker.later("write", 0, self._write)

    def mark_online(self, device_ids: Iterable[str]) -> None:
        """Correct the rows of connected robots that another process has marked offline."""
        for device_id in device_ids:
            robot = self.find(device_id)
            if robot is not None and not robot.online:
                self.update(device_id, {"online": True})

    def find(self, device_id: str) -> Robot | None:
        """Return a copy of a robot as last read, with the changes since; None if unknown."""
        with self._lock:
            robot, fields = self._robots.get(device_id), self._changes.get(device_id)
            if robot is None and fields is None:
                return None
            found = copy.copy(robot) if robot is not None else Robot(device_id=device_id)
            for name, value in (fields or {}).items():
                setattr(found, name, value)
            return found

    def approval(self, device_id: str) -> str:
        """Return whether a robot is let in, an Approval; empty if it is unknown."""
        robot = self.find(device_id)
        return robot.approval if robot is not None else ""

    def count(self, approval: Approval) -> int:
        """Return the number of robots with this approval."""
        with self._lock:
            new = [fields for device, fields in self._changes.items() if device not in self._robots]
            known = [robot.approval for robot in self._robots.values()]
        return [*known, *(each.get("approval", Approval.WAITING) for each in new)].count(approval)

    def refresh_soon(self, device_id: str = "") -> None:
        """Read everything again, because something was saved; of this robot if one is given."""
        if device_id:
            self.update(device_id, {})  # nothing to write, but its pages are updated
        self._worker.later("refresh", 0, self._refresh)

    def _refresh(self) -> None:
        self._worker.later("refresh", REFRESH_SECONDS, self._refresh)
        self._write()
        if self._try(self._read):
            self.on_refresh()

    def _read(self) -> None:
        self._setup.refresh()
        robot_names.refresh()
        robots = {robot.device_id: robot for robot in Robot.objects.all()}
        for robot in [robot for robot in robots.values() if _is_forgotten(robot)]:
            del robots[robot.device_id]
            # Only if nobody has decided about it meanwhile.
            Robot.objects.filter(pk=robot.pk, approval=Approval.WAITING).delete()
        with self._lock:
            before, self._robots = self._robots, robots
        self._push_decisions(before, robots)

    def _push_decisions(self, before: dict[str, Robot], now: dict[str, Robot]) -> None:
        """Tell the pages which robots were let in, refused or deleted, by whatever process."""
        for device_id, robot in now.items():
            known = before.get(device_id)
            if known is None or known.approval != robot.approval:
                push_robot(robot)
        for device_id in before.keys() - now.keys():
            push_gone(device_id)

    def _write(self) -> None:
        with self._lock:
            devices = list(self._changes)
        self._try(self._write_changes, devices)
        for device_id in devices:
            if (robot := self.find(device_id)) is not None:
                push_robot(robot)

    def _write_changes(self, devices: list[str]) -> None:
        if self._is_first:
            Robot.objects.mark_all_offline()  # the states of the last run are outdated
            self._is_first = False
        for device_id in devices:
            self._write_one(device_id)

    def _write_one(self, device_id: str) -> None:
        with self._lock:
            fields = dict(self._changes[device_id])
        robot = None
        try:
            robot = Robot.objects.write(device_id, fields)
        except AWAY:
            raise
        except DatabaseError:
            logger.exception("the report of robot %s cannot be stored", device_id)
        with self._lock:
            if robot is not None:
                self._robots[device_id] = robot
            newer = self._changes[device_id]
            for name in [name for name, value in fields.items() if newer[name] is value]:
                del newer[name]
            if not newer:
                del self._changes[device_id]

    def _try(self, step: Callable[..., object], *arguments: Any) -> bool:
        """Run a step that needs the database. Return False while the database is unavailable."""
        try:
            step(*arguments)
        except AWAY as exc:
            if not self._is_away:
                logger.error("the database is unavailable, robots' reports wait in memory: %s", exc)
            self._is_away = True
            return False
        if self._is_away:
            logger.info("the database is back")
            self._is_away = False
        return True

    def _write_departures(self) -> None:
        self._write()
        self._try(Robot.objects.mark_all_offline)


def _is_forgotten(robot: Robot) -> bool:
    """Return True for a robot that waits for approval and has been away for long."""
    seen = robot.last_seen or robot.created_at
    is_waiting = robot.approval == Approval.WAITING and not robot.online
    return is_waiting and seen < timezone.now() - FORGET_AFTER
