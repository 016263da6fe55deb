"""The robots' rows in the database, written and read on a thread of its own.

The thread that hears robots only leaves notes here. The database may be slow or away: notes wait in
memory until it takes them, and what was read last stays known.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError

from hive.events import push_robot
from hive.known import Known
from hive.models import Robot
from hive.mqtt.worker import Worker
from ttsmirror.database import AWAY

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
"""What another process saved is known within this time: the admin is on the monitor's port too."""

Fields = dict[str, Any]


class Records:
    """start() and stop() once; note(), find() and refresh_soon() from any thread."""

    def __init__(self, known: Known, on_refresh: Callable[[], None]) -> None:
        """`on_refresh` is called after each successful reading, on this object's thread."""
        self._known = known
        self._on_refresh = on_refresh
        self._worker = Worker("hive.records")
        self._lock = threading.Lock()
        self._robots: dict[str, Robot] = {}
        self._notes: dict[str, Fields] = {}
        self._is_first = True
        self._is_away = False

    def start(self) -> None:
        """Read everything once, then go on in the background."""
        self._refresh()
        self._worker.start()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Note that nobody is connected any more, and end."""
        self._worker.submit(self._depart)
        self._worker.stop(timeout_seconds)

    def note(self, device_id: str, fields: Fields) -> None:
        """Have these fields of a robot written, and its pages told. Returns at once."""
        with self._lock:
            self._notes.setdefault(device_id, {}).update(fields)
        # One key: however many notes come meanwhile, they are written together.
        self._worker.later("write", 0, self._write)

    def find(self, device_id: str) -> Robot | None:
        """Return a copy of a robot as it was read last, with what is noted since."""
        with self._lock:
            robot, fields = self._robots.get(device_id), self._notes.get(device_id)
            if robot is None and fields is None:
                return None
            found = copy.copy(robot) if robot is not None else Robot(device_id=device_id)
            for name, value in (fields or {}).items():
                setattr(found, name, value)
            return found

    def refresh_soon(self, device_id: str = "") -> None:
        """Read everything again: somebody has saved something, of this robot if one is given."""
        if device_id:
            self.note(device_id, {})  # no news, but its pages are told
        self._worker.later("refresh", 0, self._refresh)

    def _refresh(self) -> None:
        self._worker.later("refresh", REFRESH_SECONDS, self._refresh)
        self._write()
        if self._try(self._read):
            self._on_refresh()

    def _read(self) -> None:
        self._known.refresh()
        robots = {robot.device_id: robot for robot in Robot.objects.all()}
        with self._lock:
            self._robots = robots

    def _write(self) -> None:
        with self._lock:
            devices = list(self._notes)
        self._try(self._write_notes, devices)
        for device_id in devices:
            if (robot := self.find(device_id)) is not None:
                push_robot(robot)

    def _write_notes(self, devices: list[str]) -> None:
        if self._is_first:
            Robot.objects.all_departed()  # before any note: what the last run knew is old
            self._is_first = False
        for device_id in devices:
            self._write_one(device_id)

    def _write_one(self, device_id: str) -> None:
        with self._lock:
            fields = dict(self._notes[device_id])
        robot = None
        try:
            robot = Robot.objects.note(device_id, fields)
        except AWAY:
            raise
        except DatabaseError:
            logger.exception("what robot %s reported cannot be kept", device_id)
        with self._lock:
            if robot is not None:
                self._robots[device_id] = robot
            newer = self._notes[device_id]
            for name in [name for name, value in fields.items() if newer[name] is value]:
                del newer[name]
            if not newer:
                del self._notes[device_id]

    def _try(self, step: Callable[..., object], *arguments: Any) -> bool:
        """Run a step that needs the database. Return False where it could not be done."""
        try:
            step(*arguments)
        except AWAY as exc:
            if not self._is_away:
                logger.error("the robots' rows wait in memory, the database is away: %s", exc)
            self._is_away = True
            return False
        if self._is_away:
            logger.info("the database is back")
            self._is_away = False
        return True

    def _depart(self) -> None:
        self._write()
        self._try(Robot.objects.all_departed)
