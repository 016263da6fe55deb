"""A watch over the broker of run_all: one that lets nobody in any more is ended."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

LOOK_SECONDS = 10.0
PATIENCE_SECONDS = 40.0


class BrokerWatch:
    """Calls `end` when `is_ready()` has returned False for PATIENCE_SECONDS.

    It begins with the first True. `is_ready` may take seconds; both run on a thread of this object.
    """

    def __init__(self, is_ready: Callable[[], bool], end: Callable[[], None]) -> None:
        """Start nothing yet."""
        self._is_ready = is_ready
        self._end = end
        self._well: float | None = None  # time.monotonic() of the last True
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look from now on."""
        threading.Thread(target=self._run, name="hive.broker_watch", daemon=True).start()

    def stop(self) -> None:
        """End the watch. Idempotent."""
        self._stopped.set()

    def look(self) -> None:
        """Look once."""
        if self._is_ready():
            self._well = time.monotonic()
        elif self._well is not None and time.monotonic() - self._well > PATIENCE_SECONDS:
            self._well = None
            self._end()

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            try:
                self.look()
            except Exception:  # such as certificates that cannot be read; the next look may succeed
                logger.exception("the broker could not be looked at")
