"""The lock of the synthesis process: the queue's speech takes it at once from other programs'.

Whoever computes holds it. A background thread gives it back between its blocks, and in the middle
of a run of a model as soon as the queue wants it; that run is repeated afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

Result = TypeVar("Result")

_thread = threading.local()


class RunOptions(Protocol):
    """What ends a run of ONNX Runtime: onnxruntime.RunOptions."""

    terminate: bool


class PriorityLock:
    """A lock that background threads get only while nobody else wants it."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._is_held = False
        self._wanted = 0
        self._run: RunOptions | None = None

    def become_background(self) -> None:
        """Have the calling thread give way from now on."""
        _thread.lock = self

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock."""
        self._acquire()
        try:
            yield
        finally:
            self._release()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Release the lock that the caller holds, and take it again."""
        self._release()
        try:
            yield
        finally:
            self._acquire()

    def interruptible(
        self, run: Callable[[RunOptions | None], Result], make_options: Callable[[], RunOptions]
    ) -> Result:
        """Return the result of `run`, which is repeated where the lock was wanted meanwhile."""
        while True:
            options = self._begin_run(make_options())
            try:
                return run(options)
            except Exception:
                if not options.terminate:
                    raise
            finally:
                self._run = None
            with self.released():
                pass

    def _begin_run(self, options: RunOptions) -> RunOptions:
        with self._condition:
            self._run = options
            options.terminate = self._wanted > 0
        return options

    def _acquire(self) -> None:
        is_urgent = not is_background()
        with self._condition:
            if is_urgent:
                self._wanted += 1
                if (run := self._run) is not None:
                    run.terminate = True
            self._condition.wait_for(lambda: not self._is_held and (is_urgent or not self._wanted))
            self._wanted -= is_urgent
            self._is_held = True

    def _release(self) -> None:
        with self._condition:
            self._is_held = False
            self._condition.notify_all()


def is_background() -> bool:
    """Return True in a thread that gives way."""
    return hasattr(_thread, "lock")


def interruptible(
    run: Callable[[RunOptions | None], Result], make_options: Callable[[], RunOptions]
) -> Result:
    """Return the result of `run`, which begins again in a background thread that has to give way.

    `run` gets the options by which it is ended, or None.
    """
    lock: PriorityLock | None = getattr(_thread, "lock", None)
    return run(None) if lock is None else lock.interruptible(run, make_options)


@contextmanager
def giving_way() -> Iterator[None]:
    """Release the lock in a background thread, for something long that disturbs nobody."""
    lock: PriorityLock | None = getattr(_thread, "lock", None)
    if lock is None:
        yield
    else:
        with lock.released():
            yield
