"""Notice that an SQLite database's file is deleted or replaced while it is in use.

A process that has the file open reads and writes on, without an error, in a file that nobody will
find again.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from ttsmirror.reasons import Reason

Identity = tuple[int, int]

EMPTY_BYTES = 4096
"""Size of an SQLite database without tables, at most: one page."""

_in_use: dict[Path, Identity] = {}


def file_error(alias: str = DEFAULT_DB_ALIAS) -> str:
    """Return what happened to the database's file since the first call; empty if it is the same."""
    path = _path(alias)
    if path is None:
        return ""
    found = _identity(path)
    if found is not None and found == _in_use.setdefault(path, found):
        return ""
    if path not in _in_use:
        return ""  # it was never there: whoever opens it says so
    if found is None or _is_empty(path):
        return _deleted(path)
    return Reason("{path} was replaced while in use: restart to use the new file", path=str(path))


def ensure_same_file() -> None:
    """Raise OperationalError where what was written is in no file that lasts."""
    if error := file_error():
        raise OperationalError(error)


class LastingConnection(sqlite3.Connection):
    """A connection that makes no new file in the place of one that was in use.

    SQLite deletes the write-ahead log beside an empty file, and with it the newest sentences of the
    file that may be put back.
    """

    def __init__(self, database: Any, *args: Any, **options: Any) -> None:
        """Connect. Raises sqlite3.OperationalError where the file was deleted while in use."""
        path = Path(database)
        if path in _in_use and _identity(path) is None:
            raise sqlite3.OperationalError(_deleted(path))
        super().__init__(database, *args, **options)


def _deleted(path: Path) -> Reason:
    return Reason("{path} was deleted while in use: put it back, or restart", path=str(path))


def _path(alias: str) -> Path | None:
    connection = connections[alias]
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return None
    return Path(connection.settings_dict["NAME"])


def _is_empty(path: Path) -> bool:
    """Return True for a file that SQLite has made because a connection found none."""
    try:
        return path.stat().st_size <= EMPTY_BYTES
    except OSError:
        return True


def _identity(path: Path) -> Identity | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
