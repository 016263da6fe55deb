"""Who is online: the broker's log where it shows one, else what the robots themselves send."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from hive.models import DEVICE_ID

_STAMP = r"^(?:\S+: )?"
_ARRIVAL = re.compile(rf"{_STAMP}New client connected from \S+ as (?P<device>{DEVICE_ID}) \(")
_DEPARTURES = (
    re.compile(
        rf"{_STAMP}Client (?P<device>{DEVICE_ID})(?: \[[^\]]*\])?"
        r"(?: has exceeded timeout| closed its connection|:? disconnected)"
    ),
    re.compile(
        rf"{_STAMP}(?:Socket error|Bad socket read/write) on client (?P<device>{DEVICE_ID})[,: ]"
    ),
)


@dataclass(frozen=True)
class LogEvent:
    """What a line of the broker's log says about a robot."""

    device_id: str
    online: bool


def parse_log_line(line: str) -> LogEvent | None:
    """Read a line of Mosquitto's log; None where it tells nothing about a robot.

    Anchored at the start: a client chooses its own name, and could put a whole line into it.
    "already connected, closing old connection" is no departure, the new connection follows.
    """
    if match := _ARRIVAL.match(line):
        return LogEvent(match["device"], online=True)
    for pattern in _DEPARTURES:
        if match := pattern.match(line):
            return LogEvent(match["device"], online=False)
    return None


class Presence:
    """The robots that are connected. Used by one thread."""

    def __init__(self, silence_seconds: float) -> None:
        self.has_log = False
        """The broker has shown its log on this connection: departures will be seen there."""
        self._silence_seconds = silence_seconds
        self._heard: dict[str, float] = {}

    def __contains__(self, device_id: str) -> bool:
        return device_id in self._heard

    @property
    def devices(self) -> list[str]:
        return list(self._heard)

    def hear(self, device_id: str) -> bool:
        """Note a sign of life. True where it is the first: the robot counts as connected."""
        is_new = device_id not in self._heard
        self._heard[device_id] = time.monotonic()
        return is_new

    def leave(self, device_id: str) -> bool:
        """Note a departure. False where the robot was not here."""
        return self._heard.pop(device_id, None) is not None

    def clear(self) -> None:
        """Forget everybody: the connection to the broker is lost."""
        self.has_log = False
        self._heard.clear()

    def silent(self) -> list[str]:
        """Who has been silent for too long, where the broker's log cannot tell of departures."""
        if self.has_log:
            return []
        limit = time.monotonic() - self._silence_seconds
        return [device for device, heard in self._heard.items() if heard < limit]
