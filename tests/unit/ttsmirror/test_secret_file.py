"""Files that only their owner may read."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttsmirror.secret_file import make_private


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(directory: Path) -> list[int]:
    return [stat.S_IMODE(each.stat().st_mode) for each in sorted(directory.iterdir())]


@pytest.mark.parametrize("is_new", [True, False])
def test_database_and_its_logs_are_private(tmp_path: Path, is_new: bool) -> None:
    path = tmp_path / "moxie_tts.sqlite3"
    if not is_new:
        for name in ("", "-wal", "-shm"):
            path.with_name(path.name + name).touch(mode=0o644)
    make_private(path)
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE a (b)")
    assert modes(tmp_path) == [0o600] * 3
    database.close()


def test_missing_directory_is_left_to_the_database(tmp_path: Path) -> None:
    make_private(tmp_path / "nowhere" / "moxie_tts.sqlite3")
    assert not list(tmp_path.iterdir())
