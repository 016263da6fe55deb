"""The moment up to which a client had received everything, kept for its next start."""

from __future__ import annotations

import logging
import math
import os
import time
from contextlib import suppress
from pathlib import Path

logger = logging.getLogger(__name__)

WRITE_SECONDS = 60.0
"""Between two writes while nothing happens: a card of flash memory wears with each."""


class LastSeen:
    """The time of the latest proof that no message was still on its way.

    The file's time of change holds it for the next process. Without a path nothing is kept. A
    process that is killed leaves a time that is at most WRITE_SECONDS too early.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Read what an earlier process left at `path`."""
        self._path = path
        self._proved = -math.inf
        self._written = -math.inf
        if path is not None:
            with suppress(OSError):
                self._proved = _now() - max(0.0, time.time() - path.stat().st_mtime)

    @property
    def seconds_ago(self) -> float:
        """Seconds since then; infinite where nothing is known."""
        return _now() - self._proved

    def note(self, *, at_once: bool = False) -> None:
        """Note that everything up to now has come; write it now and then, or `at_once`."""
        self._proved = _now()
        if self._path is None or not (at_once or self._proved - self._written > WRITE_SECONDS):
            return
        self._written = self._proved
        try:
            self._path.touch(mode=0o600)
            os.utime(self._path)
        except OSError as exc:
            logger.debug("%s cannot be written: %s", self._path, exc)


def _now() -> float:
    # On Linux, one that goes on while the computer sleeps: messages wait meanwhile.
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
