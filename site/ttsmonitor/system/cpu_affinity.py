"""Which of two processors does what.

Linux wakes a thread on the processor of who wakes it, or on its last one, and looks for an idle one
only where there are enough of them. With two, what stores a sentence and what makes its sound are
often put on the same, while the other is idle; and so are the threads that decode together. Each
waits for some milliseconds then, up to a third of the time to the first sound. So the synthesis has
one for itself, where its second thread helps from the other.
"""

from __future__ import annotations

import os
from contextlib import suppress

_others: list[int] = []  # than the one that was taken


def usable() -> list[int]:
    """The processors that this thread, and those it starts from now on, may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def reserve_core() -> int | None:
    """Of two processors one that this thread, and what it starts from now on, keeps off.

    None where there are not two, or where the system does not let one choose.
    """
    if len(both := usable()) == 2:
        with suppress(OSError, AttributeError):
            os.sched_setaffinity(0, both[:1])
            return both[1]
    return None


def take(apart: int) -> None:
    """Run this thread on the processor that was set apart, and what helps it on the others."""
    others = [each for each in usable() if each != apart]
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(0, [apart])
        _others[:] = others


def helpers() -> list[int]:
    """The processors of threads that help this one; empty where they may run on any."""
    return _others


def count() -> int:
    """How many threads can run at once."""
    return len(_others) + 1 if _others else len(usable())
