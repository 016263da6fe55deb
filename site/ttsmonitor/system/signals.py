"""Stop signals, handled in one way by every service."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)
"""SIGBREAK is how Windows asks a process in a group of its own to stop."""
HANG_UP = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()
"""The signal of a closed terminal."""


def _exit(number: int) -> None:
    os._exit(128 + number)


@contextmanager
def on_stop_signal(
    stop: Callable[[], None],
    force: Callable[[int], None] = _exit,
    numbers: Sequence[signal.Signals] = STOP_SIGNALS,
) -> Iterator[None]:
    """Call `stop` in a thread at the first of these signals, and `force` at each further one.

    The old handlers are restored at the end. It is a thread because a handler that takes a lock
    which its own thread holds would wait for ever. `force` runs in the handler and takes none.
    """
    seen = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if seen.is_set():
            force(number)
            return
        seen.set()
        threading.Thread(target=stop, name="ttsmonitor.stop").start()

    old = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
