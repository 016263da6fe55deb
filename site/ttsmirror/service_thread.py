"""The threads of a service, which all start, wait, fail and stop in one way."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

from django.db import DatabaseError, InterfaceError

from ttsmirror.database import database_reason, tend_connections, with_connections
from ttsmirror.heartbeat import Heartbeat

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
JOIN_SECONDS = 5.0
"""A stop waits so long for the work in hand."""
TURN_SECONDS = 1.0
"""work() waits so long for something to do, at most."""


class ServiceThread(ABC):
    """A named thread that calls work() again and again until stop().

    Failures of work() are logged and do not end the thread. Database connections are tended around
    each call. work() returns, or calls beat(), every few seconds, even with nothing to do. Any
    thread may call the other methods; start() is called once.
    """

    retry_seconds = RETRY_SECONDS
    """Pause after a failure; none where the next work() is something else."""

    def __init__(self, name: str) -> None:
        """Prepare the thread; start() starts it."""
        self.name = name
        self.stopping = threading.Event()
        self._heartbeat = Heartbeat()
        # A stop waits for the thread, but the process does not wait for one that hangs.
        self._thread = threading.Thread(target=with_connections(self._run), name=name, daemon=True)

    @abstractmethod
    def work(self) -> None:
        """Do what there is to do, or wait for it, for TURN_SECONDS at most."""

    def wake(self) -> None:  # noqa: B027  most need nothing
        """Make a work() that waits return."""

    @property
    def is_over(self) -> bool:
        """True if work() is not to be called again."""
        return self.stopping.is_set()

    @property
    def is_alive(self) -> bool:
        """True while the thread runs."""
        return self._thread.is_alive()

    @property
    def fault(self) -> str:
        """Why the thread does not do its work; empty if it does, or if it was not started."""
        is_due = self._thread.ident is not None and not self.stopping.is_set()
        return self._heartbeat.fault(self._thread) if is_due else ""

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_seconds: float = JOIN_SECONDS) -> None:
        """End the thread after the work in hand; wait for it, for a limited time. Idempotent."""
        self.stopping.set()
        self.wake()
        self.join(timeout_seconds)

    def join(self, timeout_seconds: float) -> None:
        """Wait for the end of the thread, if it was started."""
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        self._heartbeat.adopt_thread()
        while not self.is_over:
            self._heartbeat.beat()
            tend_connections()
            try:
                self.work()
            except (DatabaseError, InterfaceError) as exc:
                logger.error("%s: the database cannot be used: %s", self.name, database_reason(exc))
                self.stopping.wait(self.retry_seconds)
            except Exception:
                logger.exception("%s failed, and goes on", self.name)
                self.stopping.wait(self.retry_seconds)
            finally:
                tend_connections()
