"""A thread that runs tasks in order, now or later, and tends its database connections."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connections

from ttsmirror.database import tend_connections

logger = logging.getLogger(__name__)

MAXIMUM_WAITING = 10_000


@dataclass(frozen=True)
class Task:
    """A call with its arguments."""

    call: Callable[..., Any]
    arguments: tuple[Any, ...]
    due: float = 0.0
    """time.monotonic() from which it may run; 0 for at once."""


class TaskThread:
    """Runs tasks in order. Any thread may submit them."""

    def __init__(self, name: str) -> None:
        self.dropped = 0
        self._tasks: deque[Task] = deque()
        self._later: dict[str, Task] = {}
        self._is_stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Finish the submitted tasks, drop the delayed ones, end the thread."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def submit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Run a task in its turn. It is dropped, and logged, if far too many wait."""
        with self._changed:
            if len(self._tasks) < MAXIMUM_WAITING:
                self._tasks.append(Task(call, arguments))
                self._changed.notify()
                return
            self.dropped += 1
        if self.dropped == 1 or self.dropped % 1000 == 0:
            logger.error("%s: %d tasks dropped so far", self._thread.name, self.dropped)

    def later(self, key: str, seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
        """Run a task after a delay, before those that wait then.

        It replaces an earlier one with the same key.
        """
        with self._changed:
            self._later[key] = Task(call, arguments, time.monotonic() + seconds)
            self._changed.notify()

    def _run(self) -> None:
        try:
            while (task := self._next()) is not None:
                self._run_task(task)
        finally:
            connections.close_all()

    def _next(self) -> Task | None:
        """Wait for the next task; return None at the end."""
        with self._changed:
            while True:
                due, key = min(
                    ((task.due, key) for key, task in self._later.items()), default=(math.inf, "")
                )
                seconds = due - time.monotonic()
                if seconds <= 0:
                    return self._later.pop(key)
                if self._tasks:
                    return self._tasks.popleft()
                if self._is_stopping:
                    return None
                self._changed.wait(min(seconds, threading.TIMEOUT_MAX))

    def _run_task(self, task: Task) -> None:
        tend_connections()
        try:
            task.call(*task.arguments)
        except Exception:
            logger.exception("%s: a task failed", self._thread.name)
        finally:
            tend_connections()
