"""Stop single threads of another process, as a debugger does."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WAIT_FOR_ANY_THREAD = 0x40000000
"""__WALL of waitpid(2)."""
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@contextmanager
def stopped_thread(thread_id: int) -> Iterator[None]:
    """Stop the thread with this native id within the block, unless its process ends."""
    is_stopped, is_over = threading.Event(), threading.Event()

    def trace() -> None:  # one thread for all of it: the kernel knows its tracer
        _ptrace(PTRACE_SEIZE, thread_id)
        _ptrace(PTRACE_INTERRUPT, thread_id)
        os.waitpid(thread_id, WAIT_FOR_ANY_THREAD)
        is_stopped.set()
        while not is_over.wait(0.05):  # a dead thread that nobody waits for keeps its process
            if os.waitpid(thread_id, WAIT_FOR_ANY_THREAD | os.WNOHANG)[0]:
                return
        _ptrace(PTRACE_DETACH, thread_id)

    tracer = threading.Thread(target=trace, name="tests.debugger", daemon=True)
    tracer.start()
    assert is_stopped.wait(5), "the thread could not be stopped"
    try:
        yield
    finally:
        is_over.set()
        tracer.join(5)


def _ptrace(request: int, thread_id: int) -> None:
    if _libc.ptrace(request, thread_id, None, None) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
