"""How long a client was away is known at its next start."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest

from ttsmirror.mqtt import last_seen
from ttsmirror.mqtt.last_seen import LastSeen


def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    assert LastSeen(tmp_path / "x.seen").seconds_ago == math.inf
    assert LastSeen().seconds_ago == math.inf


def test_next_start_knows_the_time(tmp_path: Path) -> None:
    path = tmp_path / "x.seen"
    LastSeen(path).note(at_once=True)
    an_hour_ago = time.time() - 3_600
    os.utime(path, (an_hour_ago, an_hour_ago))
    assert LastSeen(path).seconds_ago == pytest.approx(3_600, abs=5)


def test_file_is_written_now_and_then_or_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, now = tmp_path / "x.seen", 1_000.0
    monkeypatch.setattr(last_seen, "_now", lambda: now)
    seen = LastSeen(path)
    seen.note()
    os.utime(path, (1, 1))
    now += last_seen.WRITE_SECONDS - 1
    seen.note()
    assert path.stat().st_mtime == 1
    seen.note(at_once=True)
    assert path.stat().st_mtime > 1


def test_unwritable_file_is_no_failure(tmp_path: Path) -> None:
    seen = LastSeen(tmp_path / "missing" / "x.seen")
    seen.note()
    assert seen.seconds_ago < 5
