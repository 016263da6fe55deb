"""Interrupts that come back to their sender: the robots' server listens where it speaks."""

from __future__ import annotations

import threading
import time
from collections import deque

BACK_SECONDS = 5.0
"""A broker that is there gives it back sooner; where it is away, it never comes."""
MOST = 100


class OwnInterrupts:
    """sent() and is_back() from any thread."""

    def __init__(self) -> None:
        self._sent: deque[tuple[str, float]] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def sent(self, device_id: str) -> None:
        """One for this robot (empty: any) is on its way."""
        with self._lock:
            self._sent.append((device_id, time.monotonic()))

    def is_back(self, device_id: str) -> bool:
        """Was this one ours? Each is asked about once."""
        oldest = time.monotonic() - BACK_SECONDS
        with self._lock:
            for each in self._sent:
                if each[0] == device_id and each[1] >= oldest:
                    self._sent.remove(each)
                    return True
        return False
