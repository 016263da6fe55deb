"""Locks that let each service run once for a work directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from ttsmirror.exceptions import AlreadyRunningError, MoxieTTSError
from ttsmirror.reasons import Reason
from ttsmonitor.system.file_lock import lock_file


class Service(Enum):
    """A service that may run once for a work directory; its value is its name in messages."""

    ALL = Reason("server (run_all)")
    BROKER = Reason("broker")
    HIVE = Reason("hive")
    SPEECH = Reason("speech service")
    BACKUP = Reason("backup")


@contextmanager
def only_one(directory: Path, service: Service) -> Iterator[int]:
    """Hold the lock of `service` in `directory`, and yield its file descriptor.

    The system releases the lock when the process ends in any way. A program that replaces this
    process keeps the lock if the descriptor was made inheritable.

    Raises:
        AlreadyRunningError: Another process holds the lock.
        TTSMonitorError: The lock file cannot be opened.
    """
    path = directory / f"{service.name.lower()}.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise MoxieTTSError(
            Reason(
                "cannot open the lock file {path}: {error}.",
                path=str(path),
                error=str(exc.strerror),
            )
        ) from exc
    with os.fdopen(descriptor, "r+") as file:
        try:
            lock_file(file.fileno())
        except BlockingIOError as exc:
            process = file.read().strip()
            raise AlreadyRunningError(
                Reason(
                    "A {service} runs already in {directory} (process {process}): stop it first"
                    " (kill {process}), or give this one a directory of its own with"
                    " MOXIE_WORK_DIR.",
                    service=service.value,
                    directory=str(directory),
                    process=process,
                )
            ) from exc
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield descriptor


def ensure_not_running(directory: Path, *services: Service) -> None:
    """Raise AlreadyRunningError if one of the services runs with this work directory."""
    for service in services:
        with only_one(directory, service):
            pass


def running_process(directory: Path, service: Service) -> str:
    """Return the id of the process that runs a service with this work directory; empty if none.

    In Docker it may be the number in another container.
    """
    try:
        with (directory / f"{service.name.lower()}.lock").open() as file:
            try:
                lock_file(file.fileno())
            except BlockingIOError:
                return file.read().strip() or "?"
    except OSError:
        pass  # it never ran here
    return ""
