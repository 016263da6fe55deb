"""Lock an open file, on Linux, macOS and Windows."""

from __future__ import annotations

import os

try:
    import fcntl as posix
except ImportError:  # Windows
    posix = None  # type: ignore[assignment]

PLACE = 2**30
"""The byte that is locked on Windows: nobody could read one in the text of the file."""


def lock_file(descriptor: int, *, wait: bool = False) -> None:
    """Lock a file until it is closed or this process ends.

    Raises BlockingIOError if another process has locked it, unless `wait`.
    """
    if posix is None:
        _lock_on_windows(descriptor, wait)
    else:
        posix.flock(descriptor, posix.LOCK_EX if wait else posix.LOCK_EX | posix.LOCK_NB)


def _lock_on_windows(descriptor: int, wait: bool) -> None:
    import msvcrt

    mode = msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK  # type: ignore[attr-defined]
    os.lseek(descriptor, PLACE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, mode, 1)  # type: ignore[attr-defined]
    except OSError as exc:
        raise BlockingIOError(exc.errno, exc.strerror) from exc
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
