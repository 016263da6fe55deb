"""The latest lines of each conversation, for the language model."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass

from hive.conf import conf
from ttsmonitor.language.pipeline import plain_text

CHILD = "user"
MOXIE = "assistant"
ROBOTS = 500
LINE_CHARACTERS = 2_000


@dataclass(frozen=True)
class Line:
    """A sentence and who said it."""

    role: str
    words: str


class History:
    """The newest lines of each conversation, in the order in which they were said. Thread-safe."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[Line]] = OrderedDict()
        self._lock = threading.Lock()

    def clear(self, device_id: str) -> None:
        """Forget a conversation, because a new one begins."""
        with self._lock:
            self._lines.pop(device_id, None)

    def add(self, device_id: str, role: str, words: str, *, looking_back: int = 0) -> None:
        """Add a line, unless it was said since the other one last spoke.

        A line that is reported late is also dropped if it is among the newest `looking_back` lines.
        """
        words = plain_text(words[:LINE_CHARACTERS])
        if not words:
            return
        with self._lock:
            lines = self._lines.setdefault(device_id, deque(maxlen=conf.HIVE_CHAT_HISTORY))
            self._lines.move_to_end(device_id)
            newest = {line.words.casefold() for line in list(lines)[-looking_back or len(lines) :]}
            if words.casefold() not in newest | _since_the_other_spoke(lines, role):
                lines.append(Line(role, words))
            while len(self._lines) > ROBOTS:
                self._lines.popitem(last=False)

    def ends_with(self, device_id: str, role: str, words: str) -> bool:
        """Return True if this is the last line."""
        return self.lines(device_id)[-1:] == [Line(role, plain_text(words))]

    def lines(self, device_id: str) -> list[Line]:
        """Return the lines, oldest first."""
        with self._lock:
            return list(self._lines.get(device_id, ()))


def _since_the_other_spoke(lines: deque[Line], role: str) -> set[str]:
    said = set()
    for line in reversed(lines):
        if line.role != role:
            break
        said.add(line.words.casefold())
    return said
