"""End a process of which a part hangs, so that whoever runs it starts it again."""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Protocol

from ttsmirror.reasons import join_reasons
from ttsmirror.service_thread import ServiceThread

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
RESTART_TICKS = 30
"""Faults in a row after which the process is ended. Counted, not timed: after a process stood still
as a whole, its parts need a moment to show that they are alive."""
FROZEN_SECONDS = 50.0
"""If even this thread cannot run, because another one holds the interpreter, a timer of Python's
ends the process and prints where each thread is."""
LAST_SECONDS = 2.0
EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h."""


class Part(Protocol):
    """A part of a service that the process depends on."""

    @property
    def fault(self) -> str:
        """Why it does not do its work; empty if it does."""
        ...


def find_faults(parts: Iterable[Part]) -> str:
    """Return the faults of all parts as one sentence; empty where there are none."""
    return join_reasons(part.fault for part in parts)


class Watchdog(ServiceThread):
    """Ends the process once there was a reason to restart it for RESTART_TICKS in a row."""

    def __init__(
        self, restart_reason: Callable[[], str], before_end: Callable[[], None] = lambda: None
    ) -> None:
        """Watch `restart_reason`. `before_end` saves what can be saved within LAST_SECONDS."""
        super().__init__("ttsmonitor.watchdog")
        self._restart_reason = restart_reason
        self._before_end = before_end
        self._ticks = 0

    def work(self) -> None:
        """Look once."""
        faulthandler.dump_traceback_later(FROZEN_SECONDS, exit=True)
        try:
            self.stopping.wait(TICK_SECONDS)
            reason = "" if self.stopping.is_set() else self._restart_reason()
            self._ticks = self._ticks + 1 if reason else 0
            if self._ticks >= RESTART_TICKS:
                self._end(reason)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _end(self, reason: str) -> None:
        logger.critical("%s: the process ends, to be started again", reason)
        saving = threading.Thread(target=self._before_end, name="ttsmonitor.last", daemon=True)
        saving.start()
        saving.join(LAST_SECONDS)
        logging.shutdown()
        os._exit(EXIT_CODE)  # a stalled thread would hold any other exit up
