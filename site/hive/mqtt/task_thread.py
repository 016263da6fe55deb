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

from ttsmirror.service_thread import TURN_SECONDS, ServiceThread

logger = logging.getLogger(__name__)

MAXIMUM_WAITING = 10_000


@dataclass(frozen=True)
class Task:
    """A call with its arguments."""

    call: Callable[..., Any]
    arguments: tuple[Any, ...]
    due: float = 0.0
    """time.monotonic() from which it may run; 0 for at once."""


class TaskThread(ServiceThread):
    """Runs tasks in order. Any thread may submit them."""

    retry_seconds = 0.0

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.dropped = 0
        self._tasks: deque[Task] = deque()
        self._later: dict[str, Task] = {}
        self._changed = threading.Condition()

    def wake(self) -> None:
        """Look at the tasks."""
        with self._changed:
            self._changed.notify()

    @property
    def is_over(self) -> bool:
        """True once it was stopped and ran what was submitted; delayed tasks are dropped."""
        return self.stopping.is_set() and not self._tasks

    def submit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Run a task in its turn. It is dropped, and logged, if far too many wait."""
        with self._changed:
            if len(self._tasks) < MAXIMUM_WAITING:
                self._tasks.append(Task(call, arguments))
                self._changed.notify()
                return
            self.dropped += 1
        if self.dropped == 1 or self.dropped % 1000 == 0:
            logger.error("%s: %d tasks dropped so far", self.name, self.dropped)

    def later(self, key: str, seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
        """Run a task after a delay, before those that wait then.

        It replaces an earlier one with the same key.
        """
        with self._changed:
            self._later[key] = Task(call, arguments, time.monotonic() + seconds)
            self._changed.notify()

    def work(self) -> None:
        """Run the next task, if there is one in time."""
        if (task := self._next()) is not None:
            task.call(*task.arguments)

    def _next(self) -> Task | None:
        """Wait for the next task; return None where there is none to be run yet."""
        deadline = time.monotonic() + TURN_SECONDS
        with self._changed:
            while True:
                due, key = min(
                    ((task.due, key) for key, task in self._later.items()), default=(math.inf, "")
                )
                now = time.monotonic()
                if due <= now and not self.stopping.is_set():
                    return self._later.pop(key)
                if self._tasks:
                    return self._tasks.popleft()
                if self.stopping.is_set() or now >= deadline:
                    return None
                self._changed.wait(min(due, deadline) - now)
