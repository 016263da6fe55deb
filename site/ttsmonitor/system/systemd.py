"""Readiness and watchdog messages for systemd (Type=notify, WatchdogSec); silent elsewhere."""

from __future__ import annotations

import asyncio
import os

import sdnotify


class Systemd:
    """Tells systemd about this service. Thread-safe."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Feed the watchdog from `loop`, so that it is not fed while that hangs."""
        self._loop = loop
        is_there = bool(os.environ.get("NOTIFY_SOCKET"))
        self._notifier = sdnotify.SystemdNotifier() if is_there else None
        self._patience_seconds = int(os.environ.get("WATCHDOG_USEC") or 0) / 1_000_000

    def ready(self) -> None:
        """Report that the service is ready, and feed the watchdog from now on."""
        self._tell("READY=1")
        if self._patience_seconds:
            self._loop.call_soon_threadsafe(self._feed)

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self._tell("STOPPING=1")

    def _feed(self) -> None:
        self._tell("WATCHDOG=1")
        self._loop.call_later(self._patience_seconds / 3, self._feed)

    def _tell(self, state: str) -> None:
        if self._notifier is not None:
            self._notifier.notify(state)
