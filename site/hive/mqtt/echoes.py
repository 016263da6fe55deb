"""What was heard before: so that nothing is mirrored twice."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from ttsmonitor.text import speakable

SENT_SECONDS = 120.0
SPOKEN_CHARACTERS_PER_SECOND = 8.0
"""A robot tells what it says when it has said it: a long answer takes a while."""
REPEAT_SECONDS = 10.0
"""A robot can tell the same thing again within seconds."""
KEPT = 1_000


class Echoes:
    """Words by robot, each remembered for a time. Thread-safe."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, device_id: str, words: str, seconds: float) -> None:
        with self._lock:
            key = self._key(device_id, words)
            self._until[key] = max(self._until.get(key, 0.0), time.monotonic() + seconds)
            self._until.move_to_end(key)
            while len(self._until) > KEPT:
                self._until.popitem(last=False)

    def knows(self, device_id: str, words: str) -> bool:
        """Were these words, as they sound, remembered and not yet forgotten?"""
        with self._lock:
            return self._until.get(self._key(device_id, words), 0.0) > time.monotonic()

    @staticmethod
    def _key(device_id: str, words: str) -> tuple[str, str]:
        return device_id, speakable(words).casefold()
