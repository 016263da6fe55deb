"""The activity log of the monitor: the newest lines of our own log."""

from __future__ import annotations

import logging
from collections import deque
from datetime import UTC, datetime
from uuid import UUID

from ttsmirror.wire.fields import format_time
from ttsmonitor import live_events

KEPT = 200
ID_CHARACTERS = 8


class ActivityHandler(logging.Handler):
    """A logging handler that keeps the newest lines and pushes each to the pages."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._entries: deque[dict[str, str]] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record and push it."""
        entry = {
            "at": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": "info" if record.levelno < logging.WARNING else record.levelname.lower(),
            "text": _message(record),
        }
        self._entries.append(entry)
        live_events.push(live_events.MONITOR_GROUP, "activity", {"entry": entry})

    def entries(self) -> list[dict[str, str]]:
        """Return the kept lines, oldest first."""
        return list(self._entries)


def _message(record: logging.LogRecord) -> str:
    """Format a record with ids cut to their beginning, which suffices to find them in the log."""
    if not isinstance(record.args, tuple) or not record.args:
        return record.getMessage()
    return str(record.msg) % tuple(
        str(each)[:ID_CHARACTERS] if isinstance(each, UUID) else each for each in record.args
    )
