"""The form of log lines (LOG_FORMAT): text for people, JSON for collectors, or the journal's."""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime

from ttsmirror.wire.fields import format_time
from ttsmonitor.system.terminal import SafeFormatter, printable

FORMATS = TEXT, JSON, JOURNAL = "text", "json", "journal"
LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"
JOURNAL_LINE = "%(name)s: %(message)s"
"""The journal has the time and the level of each line."""


PRIORITIES = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}
"""syslog's priorities by the names of Python's levels."""


def is_json() -> bool:
    """Return True if LOG_FORMAT asks for JSON."""
    return os.environ.get("LOG_FORMAT") == JSON


def is_journal() -> bool:
    """Return True if LOG_FORMAT asks for lines as systemd's journal reads them."""
    return os.environ.get("LOG_FORMAT") == JOURNAL


def make_formatter() -> logging.Formatter:
    """Return the formatter for LOG_FORMAT, which every process of ours inherits."""
    if is_journal():
        return JournalFormatter(JOURNAL_LINE)
    return JsonFormatter() if is_json() else SafeFormatter(LINE)


def journal_line(level: str, message: str) -> str:
    """Return the line with its priority as sd-daemon(3) has it: `<4>` is a warning."""
    return f"<{PRIORITIES.get(level, PRIORITIES['INFO'])}>{message}"


def json_line(level: str, logger: str, message: str, **more: object) -> str:
    """Return a log line as a JSON object on one line, stamped with the current time."""
    return _dump(datetime.now(UTC), level, logger, message, more)


class JournalFormatter(SafeFormatter):
    """Formats a record for systemd's journal, which reads a priority from each line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines."""
        lines = super().format(record).split("\n")
        return "\n".join(journal_line(record.levelname, line) for line in lines)


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
