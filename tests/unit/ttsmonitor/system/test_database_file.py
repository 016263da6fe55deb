"""A database's file that is deleted, replaced or put back is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import OperationalError, connections

from ttsmonitor.system.database_file import ensure_same_file, file_error


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


def test_replaced_file_is_named(file: Path) -> None:
    assert file_error() == ""
    other = file.with_suffix(".other")
    other.write_bytes(b"x")
    other.replace(file)
    assert "was replaced while in use" in file_error()


def test_file_that_was_never_there_is_no_error(file: Path) -> None:
    file.unlink()
    assert file_error() == ""
