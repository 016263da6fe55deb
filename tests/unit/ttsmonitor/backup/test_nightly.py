"""A backup a night, of which the newest few are kept."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.support.tools import wait_until
from ttsmonitor.backup import nightly
from ttsmonitor.backup.nightly import NightlyBackup, backups, is_due, last_failure
from ttsmonitor.system.lock import Service, only_one


@pytest.fixture
def directory(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.WORK_DIR = tmp_path
    monkeypatch.setattr(nightly, "START_SECONDS", 0.0)
    monkeypatch.setattr(nightly, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(nightly, "RETRY_SECONDS", 0.05)
    made = tmp_path / "backups"
    made.mkdir()
    return made


def at(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


def name(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("moxie-%Y%m%d-%H%M%S.zip")


@pytest.mark.parametrize(
    ("made", "now", "due"),
    [
        ("", "2026-12-01 14:00", True),
        ("2026-12-01 03:00", "2026-12-01 14:00", False),
        ("2026-12-01 03:00", "2026-12-02 02:59", False),
        ("2026-12-01 03:00", "2026-12-02 03:00", True),
        ("2026-12-01 09:00", "2026-12-02 02:59", False),
        ("2026-11-01 03:00", "2026-12-01 01:00", True),
        ("2099-01-01 03:00", "2026-12-01 03:00", True),
    ],
)
def test_backup_is_due_once_a_night(directory: Path, made: str, now: str, due: bool) -> None:
    if made:
        (directory / name(at(made))).write_text("")
    assert is_due(at(now)) is due


@pytest.mark.django_db(transaction=True)
def test_newest_seven_are_kept(directory: Path) -> None:
    for days in range(1, 11):
        (directory / name(timezone.now() - timedelta(days=days))).write_text(f"{days}")
    (directory / "moxie-by-hand.zip").write_text("mine")
    (directory / ".backup-killed").mkdir()
    thread = NightlyBackup()
    thread.start()
    try:
        wait_until(lambda: len(backups()) == 7)
    finally:
        thread.stop()
    *older, newest = backups()
    assert [made.path.read_text() for made in older] == ["6", "5", "4", "3", "2", "1"]
    assert newest.size_bytes > 100
    assert not is_due(timezone.now())
    assert (directory / "moxie-by-hand.zip").exists()
    assert not (directory / ".backup-killed").exists()


@pytest.mark.django_db(transaction=True)
def test_full_disk_deletes_no_backup_and_is_told(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MOXIE_BACKUPS", "1")
    for days in (1, 2):
        (directory / name(timezone.now() - timedelta(days=days))).write_text("")
    usage = shutil.disk_usage(directory)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    thread = NightlyBackup()
    thread.start()
    try:
        wait_until(last_failure)
        assert "too full" in str(last_failure())
        assert len(backups()) == 2
        assert "backup failed: the disk of" in caplog.text
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        wait_until(lambda: last_failure() is None and len(backups()) == 1)
    finally:
        thread.stop()
    assert not is_due(timezone.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("why", ["turned off", "another process makes it", "stopping"])
def test_no_backup_is_made(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    thread = NightlyBackup()
    if why == "turned off":
        monkeypatch.setenv("MOXIE_BACKUPS", "0")
    if why == "another process makes it":
        with only_one(tmp_path, Service.BACKUP):
            thread.work()
    else:
        thread.stopping.set()
        thread.work()
    assert list(directory.iterdir()) == []
