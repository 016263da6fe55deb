"""Interrupts of our own, which come back because the hive subscribes where it publishes."""

from __future__ import annotations

import threading
import time
from collections import deque

RETURN_SECONDS = 5.0
"""A working broker returns one sooner; a lost one never returns."""
MAXIMUM = 100


class OwnInterrupts:
    """The published interrupts that have not come back yet. Thread-safe."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sent: deque[tuple[str, float]] = deque(maxlen=MAXIMUM)
        self._lock = threading.Lock()

    def add(self, device_id: str) -> None:
        """Remember one that is being published for this robot; empty: for any."""
        with self._lock:
            self._sent.append((device_id, time.monotonic()))

    def discard(self, device_id: str) -> bool:
        """Remove a received interrupt. Return False if it is not one of ours."""
        oldest = time.monotonic() - RETURN_SECONDS
        with self._lock:
            for each in self._sent:
                if each[0] == device_id and each[1] >= oldest:
                    self._sent.remove(each)
                    return True
        return False
