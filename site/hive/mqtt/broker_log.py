"""Mosquitto's log topic, which says which robots connect and disconnect."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hive.models import DEVICE_ID

LOG_TOPIC = "$SYS/broker/log/"
_STAMP = r"^(?:\S+: )?"
_END = r"(?: has exceeded timeout| closed its connection|:? disconnected)"
_OTHER = r"(?: already connected| connected with | negotiated | has exceeded its )"
"""Words of other lines after the name of a client."""
_ARRIVAL = re.compile(
    rf"{_STAMP}New client connected from \S+ as (?P<device>{DEVICE_ID}) \((?!.* \()", re.DOTALL
)
_DEPARTURES = (
    re.compile(
        rf"{_STAMP}Client (?P<device>{DEVICE_ID})(?: \[[^\[\]]*\])?{_END}(?!.*(?:{_END}|{_OTHER}))",
        re.DOTALL,
    ),
    re.compile(rf"{_STAMP}Socket error on client (?P<device>{DEVICE_ID}), disconnecting\.$"),
    re.compile(
        rf"{_STAMP}Bad socket read/write on client (?P<device>{DEVICE_ID}): (?!.*: )", re.DOTALL
    ),
)


@dataclass(frozen=True)
class LogEvent:
    """A robot that connected or disconnected."""

    device_id: str
    online: bool


def parse_log_line(line: str) -> LogEvent | None:
    """Parse a line of Mosquitto's log; return None if it says nothing about a robot.

    A client chooses its own name and could put a line, or the end of one, into it. So the patterns
    are anchored at the start, and what follows a client's name occurs once. "already connected,
    closing old connection" is no departure: the new connection follows.
    """
    if match := _ARRIVAL.match(line):
        return LogEvent(match["device"], online=True)
    for pattern in _DEPARTURES:
        if match := pattern.match(line):
            return LogEvent(match["device"], online=False)
    return None
