"""The labels of robots, kept in memory: names where people gave some, else a part of the id.

Robots with the same name are told apart by the beginning of their ids.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from ttsmirror.database import AWAY
from ttsmonitor.models import RobotName

REFRESH_SECONDS = 2.0
"""Names that another process changed are known within this time."""
VISIT = "page_"
"""How the ids begin that conversations without a robot have."""
_LENGTHS = (0, 4, 8, 16, 128)
"""Characters of the ids that are added until the labels differ."""
_RANDOM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{12,}", re.IGNORECASE)
_SHORT = 4
_LONG = 24


class RobotNames:
    """The known robots. May be used from any thread."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._read_at: float | None = None

    def label(self, device_id: str) -> str:
        """Return what a robot is called; empty without a robot.

        The names are read again if they are older than REFRESH_SECONDS. While the database is
        away, the last ones stay.
        """
        if self._read_at is None or time.monotonic() - self._read_at >= REFRESH_SECONDS:
            try:
                self.refresh()
            except AWAY:
                self._read_at = time.monotonic()
        return self.known_label(device_id)

    def known_label(self, device_id: str, name: str = "") -> str:
        """Return what a robot is called, without the database.

        `name` is its newest name, if the caller knows one.
        """
        if not device_id or device_id.startswith(VISIT):
            return ""
        with self._lock:
            if not name or self._names.get(device_id) == name:
                if known := self._labels.get(device_id):
                    return known
            names = self._names | {device_id: name}
        return make_labels(names)[device_id]

    def refresh(self) -> None:
        """Read the names. Raises the errors of the database."""
        names = dict(RobotName.objects.values_list("device_id", "name"))
        with self._lock:
            if names != self._names:
                self._names, self._labels = names, make_labels(names)
            self._read_at = time.monotonic()

    def expire(self) -> None:
        """Read the names at the next use, because this process changed one."""
        self._read_at = None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._names, self._labels, self._read_at = {}, {}, None


def make_labels(names: Mapping[str, str]) -> dict[str, str]:
    """Return a different label for each of these ids and names."""
    found: dict[str, str] = {}
    left = dict(names)
    for length in _LENGTHS:
        labels = {device_id: _label(device_id, name, length) for device_id, name in left.items()}
        counts = Counter(each.casefold() for each in labels.values())
        single = {key: label for key, label in labels.items() if counts[label.casefold()] == 1}
        found |= single
        left = {key: name for key, name in left.items() if key not in single}
    return found | labels


def set_name(device_id: str, name: str) -> None:
    """Store the name of a robot, and that the robot exists; no write if nothing changes."""
    if RobotName.objects.filter(device_id=device_id, name=name).exists():
        return
    RobotName.objects.update_or_create(device_id=device_id, defaults={"name": name})


def _label(device_id: str, name: str, length: int) -> str:
    own = device_id.removeprefix("d_")
    if name:
        return f"{name} ({own[:length]})" if length else name
    if _RANDOM.fullmatch(own):
        return f"Moxie {own[: length or _SHORT]}"
    return own if len(own) <= max(_LONG, length) else f"{own[: max(_LONG, length)]}…"


robot_names = RobotNames()
"""The names in this process."""


@receiver([post_save, post_delete], sender=RobotName)
def _name_changed(**kwargs: Any) -> None:
    robot_names.expire()
