"""Pin synthesis to its own core on dual-core hosts.

Linux wakes a thread on the core of its waker or on its last one, and looks for an idle core
only where there are enough of them. With two cores, the thread that stores a sentence and the
one that synthesizes it often share a core while the other is idle; so do the decoder's two
threads. Each wait costs some milliseconds, up to a third of the time to the first sound.
"""

from __future__ import annotations

import os
from contextlib import suppress

_others: list[int] = []  # the cores that are not reserved


def usable() -> list[int]:
    """Return the cores that this thread, and those it starts, may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def reserve_core() -> int | None:
    """Keep this thread, and those it starts, off one of two cores; return that core.

    Return None if there are not two cores, or if the system does not let a process choose.
    """
    if len(both := usable()) == 2:
        with suppress(OSError, AttributeError):
            os.sched_setaffinity(0, both[:1])
            return both[1]
    return None


def take(apart: int) -> None:
    """Run this thread on the reserved core and its helpers on the others."""
    others = [each for each in usable() if each != apart]
    with suppress(OSError, AttributeError):
        os.sched_setaffinity(0, [apart])
        _others[:] = others


def helpers() -> list[int]:
    """Return the cores for helper threads of this one; empty if they may run on any."""
    return _others


def count() -> int:
    """Return how many threads can run at once."""
    return len(_others) + 1 if _others else len(usable())
