"""The activity log of the monitor: the newest lines of our own log."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

from ttsmirror.reasons import Reason, reason_of, value_as_json
from ttsmirror.wire.fields import format_time
from ttsmonitor import live_events

KEPT = 200
ID_CHARACTERS = 8


class ActivityHandler(logging.Handler):
    """A logging handler that keeps the newest lines and pushes each to the pages."""

    def __init__(self) -> None:
        """Take lines from level INFO on."""
        super().__init__(logging.INFO)
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._numbers = count(1)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record and push it."""
        entry = {
            "number": next(self._numbers),
            "at": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": "info" if record.levelno < logging.WARNING else record.levelname.lower(),
            **_message(record),
        }
        self._entries.append(entry)
        live_events.push(live_events.MONITOR_GROUP, "activity", {"entry": entry})

    def entries(self) -> list[dict[str, Any]]:
        """Return the kept lines, oldest first."""
        return list(self._entries)


def _message(record: logging.LogRecord) -> dict[str, Any]:
    """Return the English `text` of a record, and its template with its values as `reason`.

    Ids are cut to their beginning, which suffices to find them in the log.
    """
    if not isinstance(record.args, tuple):
        return {"text": record.getMessage(), "reason": None}
    template = str(record.msg)
    args = tuple(
        str(each)[:ID_CHARACTERS] if isinstance(each, UUID) else each for each in record.args
    )
    return {
        "text": template % args if args else template,
        "reason": {"code": template, "args": [value_as_json(_value(each)) for each in args]},
    }


def _value(value: object) -> str | int | float:
    """Return a value of a line as text or number; what an exception says is a sentence."""
    if isinstance(value, Reason | int | float):
        return value
    if isinstance(value, BaseException):
        return reason_of(value)
    return str(value)
