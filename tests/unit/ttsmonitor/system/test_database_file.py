"""A database's file that is deleted, replaced or put back is noticed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.db import OperationalError, connections

from ttsmonitor.system.database_file import (
    EMPTY_BYTES,
    LastingConnection,
    ensure_same_file,
    file_error,
)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"x")
    monkeypatch.setitem(connections["default"].settings_dict, "NAME", path)
    return path


def test_deleted_file_is_named_until_it_is_put_back(file: Path) -> None:
    assert file_error() == ""
    kept = file.rename(file.with_suffix(".kept"))
    assert "was deleted while in use" in file_error()
    with pytest.raises(OperationalError, match="was deleted"):
        ensure_same_file()
    kept.rename(file)
    ensure_same_file()
    assert file_error() == ""


def test_connection_makes_no_file_in_the_place_of_a_deleted_one(file: Path) -> None:
    sqlite3.connect(file, factory=LastingConnection).close()
    assert file_error() == ""
    kept = file.rename(file.with_suffix(".kept"))
    with pytest.raises(sqlite3.OperationalError, match="was deleted"):
        sqlite3.connect(file, factory=LastingConnection)
    assert not file.exists()
    kept.rename(file)
    sqlite3.connect(file, factory=LastingConnection).close()


def test_replaced_file_is_named(file: Path) -> None:
    assert file_error() == ""
    other = file.with_suffix(".other")
    other.write_bytes(b"x" * 2 * EMPTY_BYTES)
    other.replace(file)
    assert "was replaced while in use" in file_error()


def test_deleted_file_that_sqlite_made_anew_is_named_deleted(file: Path) -> None:
    assert file_error() == ""
    kept = file.rename(file.with_suffix(".kept"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert file.exists()
    assert "was deleted while in use" in file_error()
    kept.rename(file)
    assert file_error() == ""


def test_file_that_was_never_there_is_no_error(file: Path) -> None:
    file.unlink()
    assert file_error() == ""
