"""Stop single threads of another process, as a debugger does."""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PTRACE_CONT, PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 7, 17, 0x4206, 0x4207
WAIT_FOR_ANY_THREAD = 0x40000000
"""__WALL of waitpid(2)."""
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


@contextmanager
def stopped_thread(thread_id: int) -> Iterator[None]:
    """Stop the thread with this native id within the block, unless its process ends.

    It is stopped while it waits for the kernel: it holds nothing then that the others need.
    """
    is_stopped, is_over = threading.Event(), threading.Event()

    def trace() -> None:  # one thread for all of it: the kernel knows its tracer
        _ptrace(PTRACE_SEIZE, thread_id)
        _interrupt(thread_id)
        while not _is_in_system_call(thread_id):
            _ptrace(PTRACE_CONT, thread_id)
            time.sleep(0.001)
            _interrupt(thread_id)
        is_stopped.set()
        while not is_over.wait(0.05):  # a dead thread that nobody waits for keeps its process
            if os.waitpid(thread_id, WAIT_FOR_ANY_THREAD | os.WNOHANG)[0]:
                return
        _ptrace(PTRACE_DETACH, thread_id)

    tracer = threading.Thread(target=trace, name="tests.debugger", daemon=True)
    tracer.start()
    assert is_stopped.wait(30), "the thread could not be stopped"
    try:
        yield
    finally:
        is_over.set()
        tracer.join(5)


def _interrupt(thread_id: int) -> None:
    _ptrace(PTRACE_INTERRUPT, thread_id)
    os.waitpid(thread_id, WAIT_FOR_ANY_THREAD)


def _is_in_system_call(thread_id: int) -> bool:
    """Return True if a stopped thread was waiting in a system call, so without Python's lock."""
    return not Path(f"/proc/{thread_id}/syscall").read_text().startswith("-1 ")


def _ptrace(request: int, thread_id: int) -> None:
    if _libc.ptrace(request, thread_id, None, None) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
