"""Stop signals, handled in one way by every service."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def on_stop_signal(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` in a thread at the first SIGINT or SIGTERM; a second one forces the exit.

    The old handlers are restored at the end. It is a thread because a handler that takes a lock
    which its own thread holds would wait for ever.
    """
    seen = threading.Event()

    def handle(signum: int, frame: FrameType | None) -> None:
        if seen.is_set():
            os._exit(128 + signum)
        seen.set()
        threading.Thread(target=stop, name="ttsmonitor.stop").start()

    old = {number: signal.signal(number, handle) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
