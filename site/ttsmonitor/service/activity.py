"""The activity log that the monitor shows: the last lines of this app's own log."""

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
    """Keeps the newest log lines and pushes each to the pages."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._entries: deque[dict[str, str]] = deque(maxlen=KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        entry = {
            "at": format_time(datetime.fromtimestamp(record.created, UTC)),
            "level": "info" if record.levelno < logging.WARNING else record.levelname.lower(),
            "text": _message(record),
        }
        self._entries.append(entry)
        live_events.push(live_events.MONITOR_GROUP, "activity", {"entry": entry})

    def entries(self) -> list[dict[str, str]]:
        """Oldest first."""
        return list(self._entries)


def _message(record: logging.LogRecord) -> str:
    """What it says, of ids only the beginning: enough to find them in the log itself."""
    if not isinstance(record.args, tuple) or not record.args:
        return record.getMessage()
    return str(record.msg) % tuple(
        str(each)[:ID_CHARACTERS] if isinstance(each, UUID) else each for each in record.args
    )
