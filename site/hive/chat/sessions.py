"""Conversations on the page, without a robot: the lines that their pages show."""

from __future__ import annotations

import re
import secrets
import threading
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

from hive.puppet.deleted_lines import DeletedLines
from hive.puppet.lines import WAITING, next_state, told_reason
from ttsmirror.wire.fields import format_time

VISITS = 200
SHOWN = 60
CHILD, MOXIE = "child", "moxie"
MAKING = "making"
"""The state of an answer that is still being made."""
UNBEGUN = "…"
"""Stands for an answer that was interrupted before its first word; the history has none."""
_DEVICE = re.compile(r"page_[0-9a-f]{16}")

Line = dict[str, Any]


def new_visit() -> str:
    """Return an unguessable name for a page's conversation, used in place of a robot's id."""
    return f"page_{secrets.token_hex(8)}"


def is_visit(device_id: str) -> bool:
    """Return True for the name of a page's conversation, False for a robot's id."""
    return bool(_DEVICE.fullmatch(device_id))


class ChatSessions:
    """The newest lines of each page's conversation. Thread-safe; nothing is kept for robots."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, OrderedDict[str, Line]] = OrderedDict()
        self._owners: dict[str, str] = {}
        self._starts: OrderedDict[str, int] = OrderedDict()
        self._deleted = DeletedLines()
        self._lock = threading.Lock()

    def starts(self, visit: str) -> int:
        """Return how often this conversation has started over."""
        with self._lock:
            return self._starts.get(visit, 0)

    def put(
        self,
        visit: str,
        line_id: object,
        who: str,
        text: str,
        *,
        start: int | None = None,
        **fields: Any,
    ) -> Line | None:
        """Add a line or update it, and return it as it is now; None for a robot.

        Return None too if the conversation has started over since the start with this number.
        """
        if not is_visit(visit):
            return None
        with self._lock:
            if start not in (None, self._starts.get(visit, 0)):
                return None
            lines = self._visits.setdefault(visit, OrderedDict())
            self._visits.move_to_end(visit)
            known = lines.get(str(line_id), {"state": "", "at": format_time(datetime.now(UTC))})
            line = known | {"id": str(line_id), "who": who, "text": text, "note": ""} | fields
            if known["state"] not in ("", MAKING, WAITING):  # it is spoken while it is made
                line["state"] = known["state"]
            lines[line["id"]] = line
            self._owners[line["id"]] = visit
            self._trim(lines)
            return dict(line)

    def _trim(self, lines: OrderedDict[str, Line]) -> None:
        while len(lines) > SHOWN:
            del self._owners[lines.popitem(last=False)[0]]
        while len(self._visits) > VISITS:
            for line_id in self._visits.popitem(last=False)[1]:
                del self._owners[line_id]

    def update_status(self, message: dict[str, Any]) -> tuple[str, Line] | None:
        """Process the outcome of an answer; return its conversation and line if that changed."""
        line_id = str(message.get("id", ""))
        with self._lock:
            visit = self._owners.get(line_id)
            line = self._visits[visit][line_id] if visit else None
            if visit is None or line is None:
                return None
            state = next_state(line["state"], str(message.get("event", "")))
            if state is None:
                return None
            line["state"] = state
            if message.get("error"):
                line |= told_reason(message)
            return visit, dict(line)

    def lines(self, visit: str) -> list[Line]:
        """Return the lines, oldest first, without those deleted from the history."""
        with self._lock:
            known = {key: dict(line) for key, line in self._visits.get(visit, {}).items()}
        gone = _with_questions(known, self._deleted.find(_begun(known)))
        with self._lock:
            for key in gone & self._owners.keys():
                del self._visits[self._owners.pop(key)][key]
        return [line for key, line in known.items() if key not in gone]

    def clear(self, visit: str) -> None:
        """Forget the lines, because a new conversation begins."""
        with self._lock:
            for line_id in self._visits.pop(visit, {}):
                del self._owners[line_id]
            self._starts[visit] = self._starts.pop(visit, 0) + 1
            while len(self._starts) > VISITS:
                self._starts.popitem(last=False)


def _begun(lines: dict[str, Line]) -> dict[str, Line]:
    return {key: line for key, line in lines.items() if line["text"] != UNBEGUN}


def _with_questions(lines: dict[str, Line], answers: set[str]) -> set[str]:
    """Return these answers with what the child said right before each."""
    found, asked = set(answers), set[str]()
    for key, line in lines.items():
        if line["who"] == CHILD:
            asked.add(key)
        else:
            found |= asked if key in answers else set()
            asked = set()
    return found
