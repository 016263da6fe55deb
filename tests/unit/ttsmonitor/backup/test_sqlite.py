"""A database is copied as it is at one moment, while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from ttsmonitor.backup import sqlite
from ttsmonitor.backup.sqlite import copy_database
from ttsmonitor.exceptions import BackupError

ROWS = 2_000


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Return a database in the journal mode of ours, with more pages than are copied at once."""
    path = tmp_path / "moxie.sqlite3"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE said (id TEXT PRIMARY KEY, text TEXT)")
        rows = ((f"{number:032x}", "Hola " * 100) for number in range(ROWS))
        database.executemany("INSERT INTO said VALUES (?, ?)", rows)
    return path


def rows_of(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT rowid, id FROM said ORDER BY rowid").fetchall()


def test_writers_neither_wait_nor_get_into_the_copy(
    history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PAGES", 10)
    before, written = rows_of(history), 0
    with closing(sqlite3.connect(history, timeout=0, isolation_level=None)) as writer:

        def write() -> None:
            nonlocal written
            if written < 20:  # a copy that began anew with each write would not end
                writer.execute("INSERT INTO said VALUES (?, 'later')", [f"later {written}"])
                written += 1

        copy_database(history, tmp_path / "copy", write)
    assert written == 20
    assert rows_of(tmp_path / "copy") == before
    assert len(rows_of(history)) == ROWS + 20


def test_copy_is_one_file(history: Path, tmp_path: Path) -> None:
    target = tmp_path / "copies" / "copy"
    target.parent.mkdir()
    copy_database(history, target, lambda: None)
    with closing(sqlite3.connect(f"{target.as_uri()}?mode=ro", uri=True)) as database:
        assert database.execute("SELECT count(*) FROM said").fetchone() == (ROWS,)
        assert list(target.parent.iterdir()) == [target]


def test_damaged_database_is_not_backed_up(history: Path, tmp_path: Path) -> None:
    with history.open("r+b") as file:
        file.seek(40 * 4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(BackupError, match=r"moxie\.sqlite3 (is damaged|cannot be copied)"):
        copy_database(history, tmp_path / "copy", lambda: None)


def test_missing_database_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"moxie\.sqlite3 cannot be copied"):
        copy_database(tmp_path / "moxie.sqlite3", tmp_path / "copy", lambda: None)
    assert not (tmp_path / "moxie.sqlite3").exists()


def test_pulse_can_end_the_copy(history: Path, tmp_path: Path) -> None:
    def end() -> None:
        raise BackupError("the service stops")

    with pytest.raises(BackupError, match="the service stops"):
        copy_database(history, tmp_path / "copy", end)
