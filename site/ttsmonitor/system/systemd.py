"""Readiness and watchdog messages for systemd (Type=notify, WatchdogSec); silent elsewhere."""

from __future__ import annotations

import asyncio
import os
import time

import sdnotify


class Systemd:
    """Tells systemd about this service. Thread-safe, but feed() is for one thread."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier() if os.environ.get("NOTIFY_SOCKET") else None
        self._feed_seconds = int(os.environ.get("WATCHDOG_USEC") or 0) / 1_000_000 / 3
        self._due = 0.0  # time.monotonic()

    def ready(self) -> None:
        """Report that the service is ready. From now on the watchdog wants to be fed."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """Report that the service is stopping."""
        self._tell("STOPPING=1")

    def feed(self) -> None:
        """Feed the watchdog if it is time; call it as often as you like."""
        if self._feed_seconds and time.monotonic() >= self._due:
            self._due = time.monotonic() + self._feed_seconds
            self._tell("WATCHDOG=1")

    def feed_from(self, loop: asyncio.AbstractEventLoop) -> None:
        """Feed the watchdog from `loop`, so that it is not fed while that hangs."""
        if self._feed_seconds:
            loop.call_soon_threadsafe(self._feed_again, loop)

    def _feed_again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._tell("WATCHDOG=1")
        loop.call_later(self._feed_seconds, self._feed_again, loop)

    def _tell(self, state: str) -> None:
        if self._notifier is not None:
            self._notifier.notify(state)
