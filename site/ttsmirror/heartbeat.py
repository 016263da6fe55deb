"""Signs of life of the loops that a service depends on."""

from __future__ import annotations

import threading
import time

from ttsmirror.reasons import Reason

STALLED_SECONDS = 10.0
"""A loop that gives no sign of life for so long is stalled."""
_local = threading.local()


class Heartbeat:
    """The time of the last sign of life of one loop. Any thread may read it."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def fault(self, thread: threading.Thread, patience_seconds: float = 0.0) -> str:
        """Return why the started `thread`, whose heartbeat this is, does not do its work.

        Empty if it does. A `patience_seconds` over STALLED_SECONDS replaces them.
        """
        if not thread.is_alive():
            return Reason("the thread {name} ended", name=thread.name)
        if time.monotonic() - self._last > max(patience_seconds, STALLED_SECONDS):
            return Reason("the thread {name} does not move", name=thread.name)
        return ""

    def beat(self) -> None:
        """Note a sign of life."""
        self._last = time.monotonic()

    def adopt_thread(self) -> None:
        """Make beat() on this thread a beat of this heartbeat."""
        _local.heartbeat = self
        self.beat()


def beat() -> None:
    """Note that this thread is alive. Call it wherever a service's thread waits in a loop."""
    heartbeat: Heartbeat | None = getattr(_local, "heartbeat", None)
    if heartbeat is not None:
        heartbeat.beat()
