"""The form of log lines: text for people, or a JSON object for log collectors (LOG_FORMAT)."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime

from ttsmirror.wire.fields import format_time
from ttsmonitor.system.terminal import SafeFormatter, printable

FORMATS = TEXT, JSON = "text", "json"
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def is_json() -> bool:
    """Return True if LOG_FORMAT asks for JSON."""
    return os.environ.get("LOG_FORMAT") == JSON


def make_formatter() -> logging.Formatter:
    """Return the formatter for LOG_FORMAT, which every process of ours inherits."""
    return JsonFormatter() if is_json() else SafeFormatter(LINE)


def json_line(level: str, logger: str, message: str, **more: object) -> str:
    """Return a log line as a JSON object on one line, stamped with the current time."""
    return _dump(datetime.now(UTC), level, logger, message, more)


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object on one line, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        more: dict[str, object] = {"pid": record.process, "thread": record.threadName}
        if record.exc_info:
            more["exception"] = self.formatException(record.exc_info)
        at = datetime.fromtimestamp(record.created, UTC)
        return _dump(at, record.levelname, record.name, record.getMessage(), more)


def _dump(at: datetime, level: str, logger: str, message: str, more: dict[str, object]) -> str:
    entry = {"timestamp": format_time(at), "level": level, "logger": logger, "message": message}
    # printable() escapes what JSON allows in a string and a terminal obeys.
    return printable(json.dumps(entry | more, ensure_ascii=False))
