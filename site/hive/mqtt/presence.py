"""Track which robots are connected, by the broker's log or by their messages."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from hive.mqtt.broker_log import parse_log_line

logger = logging.getLogger(__name__)

OnChange = Callable[[str], None]
MayEnter = Callable[[str], bool]


class Presence:
    """The connected robots. Used by one thread.

    `on_arrival` and `on_departure` are called with the id of a robot that connects or leaves.
    """

    def __init__(
        self,
        silence_seconds: float,
        on_arrival: OnChange,
        on_departure: OnChange,
        may_enter: MayEnter = lambda device_id: True,
    ) -> None:
        """Count a robot as gone after `silence_seconds`, if the broker shows no log.

        A robot for which `may_enter` returns False is not tracked.
        """
        self._silence_seconds = silence_seconds
        self._on_arrival = on_arrival
        self._on_departure = on_departure
        self._may_enter = may_enter
        self._has_log = False  # the broker has shown its log on this connection
        self._last_seen: dict[str, float] = {}

    def __contains__(self, device_id: object) -> bool:
        """Return True for a connected robot."""
        return device_id in self._last_seen

    @property
    def devices(self) -> list[str]:
        """The ids of the connected robots."""
        return list(self._last_seen)

    def mark_seen(self, device_id: str) -> None:
        """Process a message of a robot. The first one counts as its connect."""
        is_new = device_id not in self._last_seen
        if is_new and not self._may_enter(device_id):
            return
        self._last_seen[device_id] = time.monotonic()
        if is_new:
            self._arrive(device_id)

    def read_log_line(self, line: str) -> None:
        """Process a line of the broker's log."""
        self._has_log = True
        event = parse_log_line(line)
        if event is None:
            return
        if not event.online:
            self._leave(event.device_id)
        elif self._may_enter(event.device_id):
            self._last_seen[event.device_id] = time.monotonic()
            self._arrive(event.device_id)  # even if it was here: it needs its configuration again

    def remove_silent(self) -> None:
        """Let robots leave that were silent for too long, unless the broker's log reports that."""
        if self._has_log:
            return
        limit = time.monotonic() - self._silence_seconds
        for device_id, seen in list(self._last_seen.items()):
            if seen < limit:
                self._leave(device_id)

    def forget(self, device_id: str) -> None:
        """Take the next message of a robot as its connect; its row was deleted."""
        self._last_seen.pop(device_id, None)

    def remove_all(self) -> None:
        """Let all robots leave: the connection to the broker is lost."""
        self._has_log = False
        for device_id in self.devices:
            self._leave(device_id)

    def _arrive(self, device_id: str) -> None:
        logger.info("robot %s is connected", device_id)
        self._on_arrival(device_id)

    def _leave(self, device_id: str) -> None:
        if self._last_seen.pop(device_id, None) is not None:
            logger.info("robot %s is gone", device_id)
            self._on_departure(device_id)
