"""The copy of an SQLite database while others use it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import BackupError

PAGES = 1_000
"""Database pages that are copied between two pulses."""
INSTRUCTIONS = 100_000
"""SQLite instructions between two pulses of the check."""


def copy_database(source: Path, target: Path, pulse: Callable[[], None]) -> None:
    """Copy a database as it is at this moment, and check the copy. Nobody else has to wait.

    `pulse` is called again and again; what it raises ends the copy. Raises BackupError.
    """
    # Not VACUUM INTO: it would give the rows of some tables other numbers.
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.execute("BEGIN")  # without it, each write of others would begin the copy anew
            original.execute("SELECT count(*) FROM sqlite_master").fetchone()
            original.backup(copy, pages=PAGES, progress=lambda *_: pulse())
            original.rollback()
            _check(copy, source, pulse)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, whoever opens it
    except sqlite3.Error as exc:
        raise BackupError(
            Reason("{path} cannot be copied: {error}", path=str(source), error=str(exc))
        ) from exc


def _check(copy: sqlite3.Connection, source: Path, pulse: Callable[[], None]) -> None:
    """Raise BackupError for a damaged database: it must not take the place of a good backup."""

    def proceed() -> int:
        pulse()
        return 0

    copy.set_progress_handler(proceed, INSTRUCTIONS)
    (found,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    copy.set_progress_handler(None, 0)
    if found != "ok":
        raise BackupError(Reason("{path} is damaged: {error}", path=str(source), error=found))
