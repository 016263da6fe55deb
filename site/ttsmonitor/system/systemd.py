"""Readiness and watchdog messages for systemd (Type=notify, WatchdogSec); silent elsewhere."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable

import sdnotify

logger = logging.getLogger(__name__)


class Systemd:
    """Tells systemd about this service. Thread-safe."""

    def __init__(self, loop: asyncio.AbstractEventLoop, restart_reason: Callable[[], str]) -> None:
        """Feed the watchdog from `loop` while `restart_reason()` is empty."""
        self._loop = loop
        self._restart_reason = restart_reason
        self._logged = ""
        is_there = bool(os.environ.get("NOTIFY_SOCKET"))
        self._notifier = sdnotify.SystemdNotifier() if is_there else None
        self._patience_seconds = int(os.environ.get("WATCHDOG_USEC") or 0) / 1_000_000

    def ready(self) -> None:
        """Report that the service is ready, and feed the watchdog from now on."""
        self._tell("READY=1")
        if self._patience_seconds:
            # Fed by the event loop, so that systemd notices if the loop hangs.
            self._loop.call_soon_threadsafe(self._feed)

    def stopping(self) -> None:
        """Report that the service is stopping."""
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
