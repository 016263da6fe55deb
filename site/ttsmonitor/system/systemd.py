"""What systemd is told, where it started us: that we are ready, and that we need no restart.

Its Type=notify and WatchdogSec. Anywhere else nothing happens.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

import sdnotify

logger = logging.getLogger(__name__)


class Systemd:
    """ready() and stopping() may be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, restart_reason: Callable[[], str]) -> None:
        """`loop` serves; `restart_reason` answers at once, and is empty while all is well."""
        self._loop = loop
        self._restart_reason = restart_reason
        self._logged = ""
        is_there = bool(os.environ.get("NOTIFY_SOCKET"))
        self._notifier = sdnotify.SystemdNotifier() if is_there else None
        self._patience_seconds = int(os.environ.get("WATCHDOG_USEC") or 0) / 1_000_000

    def ready(self) -> None:
        """The service works; from now on the watchdog is fed."""
        self._tell("READY=1")
        if self._patience_seconds:
            # By the loop, so that it is not fed where that one hangs.
            self._loop.call_soon_threadsafe(self._feed)

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _feed(self) -> None:
        reason = self._restart_reason()
        if not reason:
            self._tell("WATCHDOG=1")
        elif reason != self._logged:
            logger.error("%s: systemd will start the service again", reason)
        self._logged = reason
        self._loop.call_later(self._patience_seconds / 3, self._feed)

    def _tell(self, state: str) -> None:
        if self._notifier is not None:
            self._notifier.notify(state)
