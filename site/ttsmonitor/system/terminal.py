"""Text from outside for terminals and logs: it can neither forge a line nor colour one."""

from __future__ import annotations

import logging
import re
from typing import Any

_CONTROLS = re.compile(
    # C0, DEL and C1; line separators; marks, embeddings and isolates of right-to-left text.
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
INDENT = "    "


def printable(text: str) -> str:
    """Return `text` on one line, with its control characters written as JSON writes them."""
    return _CONTROLS.sub(lambda match: _escape(match[0]), text)


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return short.get(character) or f"\\u{ord(character):04x}"


class SafeFormatter(logging.Formatter):
    """Formats a record as one line. Lines of a traceback follow it, indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the base class's name
        """Return the line, without control characters."""
        return printable(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802  the base class's name
        """Return the traceback; what an exception says may come from outside, too."""
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"{INDENT}{printable(line)}" for line in lines)
