"""What the synthesis process takes of the computer's memory."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from contextlib import suppress

PROCESS_BYTES = 80_000_000
"""Without any voice."""
PER_FILE_BYTE = 1.65
"""A loaded voice, per byte of its file: its weights, what they become, and room to compute in."""


def taken_by(file_bytes: Iterable[int]) -> int:
    """The bytes that the process takes once voices with files of so many have spoken."""
    return PROCESS_BYTES + round(PER_FILE_BYTE * sum(file_bytes))


def give_back() -> None:
    """Return what was freed to the system: glibc keeps it, and grows with each voice that goes."""
    with suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
