"""Locks that make a process the only one of its kind in a work directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ttsmirror.exceptions import AlreadyRunningError, MoxieTTSError


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock in `path`. Raises AlreadyRunningError where another process holds it.

    The system lets go of it when the process ends, however it ends.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise MoxieTTSError(f"{path} cannot be kept: {exc.strerror}.") from exc
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise AlreadyRunningError(
                f"A speech service runs already in {path.parent} (process {file.read().strip()}):"
                " stop it first, or give this one a directory of its own with MOXIE_WORK_DIR."
            ) from exc
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
