"""One thread that does what callbacks hand over, now or later, with the database at hand."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connections

from ttsmonitor.database import tend_connections

logger = logging.getLogger(__name__)

WAITING = 10_000


@dataclass(frozen=True)
class Task:
    """A call, and what its repetition is known by."""

    call: Callable[..., Any]
    arguments: tuple[Any, ...]
    key: str = ""
    due: float = 0.0
    """time.monotonic() from which it may run; 0: at once."""


class Worker:
    """Runs what it is given, in order. submit() and later() may be called from any thread."""

    def __init__(self, name: str) -> None:
        self.dropped = 0
        self._tasks: queue.Queue[Task | None] = queue.Queue(WAITING)
        self._due: dict[str, Task] = {}
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Finish what waits, drop what is for later, end the thread."""
        if not self._thread.is_alive():
            return
        try:
            self._tasks.put(None, timeout=timeout_seconds)
        except queue.Full:
            logger.warning("%s is too busy to stop", self._thread.name)
        self._thread.join(timeout_seconds)

    def submit(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Run it as soon as its turn comes; dropped, with a word, where far too much waits."""
        self._put(Task(call, arguments))

    def later(self, key: str, seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
        """Run it in a while. Of several with one key the newest counts."""
        self._put(Task(call, arguments, key, time.monotonic() + seconds))

    def _put(self, task: Task) -> None:
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            self.dropped += 1
            if self.dropped == 1 or self.dropped % 1000 == 0:
                logger.error("%s: %d tasks dropped so far", self._thread.name, self.dropped)

    def _run(self) -> None:
        try:
            while True:
                for task in self._take_due():
                    self._do(task)
                try:
                    task_or_end = self._tasks.get(timeout=self._seconds_to_next())
                except queue.Empty:
                    continue
                if task_or_end is None:
                    return
                if task_or_end.key:
                    self._due[task_or_end.key] = task_or_end
                else:
                    self._do(task_or_end)
        finally:
            connections.close_all()

    def _take_due(self) -> list[Task]:
        now = time.monotonic()
        ready = [task for task in self._due.values() if task.due <= now]
        for task in ready:
            del self._due[task.key]
        return sorted(ready, key=lambda task: task.due)

    def _seconds_to_next(self) -> float | None:
        if not self._due:
            return None
        return max(0.0, min(task.due for task in self._due.values()) - time.monotonic())

    def _do(self, task: Task) -> None:
        tend_connections()
        try:
            task.call(*task.arguments)
        except Exception:
            logger.exception("%s: a task failed", self._thread.name)
        finally:
            tend_connections()
