"""Real time for outputs without a device that keeps it."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_SECONDS = 0.01
CATCH_UP_SECONDS = 0.2
"""Longest delay that is caught up, in seconds; a longer one counts as a pause."""


class Clock:
    """Compares the length of the sound it is given with the time that passes."""

    def __init__(self) -> None:
        self._due = 0.0

    def start(self) -> None:
        """Start at zero."""
        self._due = time.monotonic()

    def add(self, seconds: float) -> None:
        """Add sound; a negative length takes some back."""
        # Use deadlines: with a sleep per slice the delays of the sleeps would add up.
        self._due = max(self._due, time.monotonic() - CATCH_UP_SECONDS) + seconds

    def go_on(self, ahead_seconds: float) -> None:
        """Go on after a pause, before which `ahead_seconds` of sound had been handed out."""
        self._due = max(self._due, time.monotonic() + ahead_seconds)

    def wait(self, is_over: Callable[[], bool], before_seconds: float = 0.0) -> bool:
        """Wait until `before_seconds` before the sound has been heard.

        Return False if `is_over()` came first.
        """
        while (left := self._due - before_seconds - time.monotonic()) > 0:
            if is_over():
                return False
            time.sleep(min(left, POLL_SECONDS))
        return True
