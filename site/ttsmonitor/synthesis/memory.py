"""Estimate and limit the memory of the synthesis process."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress

PROCESS_BYTES = 80_000_000
"""Memory of the process without any voice, in bytes."""
PER_FILE_BYTE = 1.65
"""Memory of a loaded Piper voice per byte of its file: weights, their prepared form, workspace."""
CUTTING_PER_FILE_BYTE = 8
"""Memory to split a voice into stages, per byte of its file; measured: 6.5."""


def loaded_bytes(file_bytes: int) -> int:
    """Return the bytes that a Piper voice takes once it has spoken, by the size of its file."""
    return round(PER_FILE_BYTE * file_bytes)


def taken_by(voices_bytes: Iterable[int]) -> int:
    """Return the bytes that the process takes with voices of these sizes loaded."""
    return PROCESS_BYTES + sum(voices_bytes)


def limit_memory(taken_bytes: int, headroom_bytes: int) -> None:
    """Let this process allocate `taken_bytes` and some headroom; beyond, allocations fail.

    So a voice that asks for gigabytes fails with an error and the computer goes on. The headroom is
    at most half of the computer's memory. Limits data (RLIMIT_DATA) and not addresses, of which
    threads and mapped files reserve far more than they use. Linux only: macOS does not apply the
    limit to what is mapped.
    """
    if sys.platform != "linux":
        return
    import resource

    physical_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    most = taken_bytes + min(headroom_bytes, physical_bytes // 2)
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with suppress(OSError, ValueError):  # a sandbox may forbid it
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def is_out_of_memory(error: Exception) -> bool:
    """Return True if it was raised, by Python or ONNX Runtime, because an allocation failed."""
    messages = ("bad_alloc", "Failed to allocate memory", "pthread_create failed")
    return isinstance(error, MemoryError) or any(each in str(error) for each in messages)


def return_freed_memory() -> None:
    """Return freed memory to the system: glibc keeps it and grows with each unloaded voice."""
    with suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
