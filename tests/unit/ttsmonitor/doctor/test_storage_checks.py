"""The checks of database, outbox and history."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import OutboxEntry
from ttsmirror.reasons import Reason
from ttsmonitor.doctor import storage_checks
from ttsmonitor.doctor.base import Finding, Level
from ttsmonitor.doctor.storage_checks import (
    look_at_backup,
    look_at_database,
    look_at_history,
    look_at_outbox,
    look_at_outcomes,
)

pytestmark = pytest.mark.django_db(transaction=True)
Only = Callable[[Any], Finding]


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Return the file of a migrated database of its own."""
    path = tmp_path / "moxie.sqlite3"
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source:
        with closing(sqlite3.connect(path)) as copy:
            source.backup(copy)
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(path))
    monkeypatch.setattr(storage_checks, "BUSY_SECONDS", 0.05)
    yield path
    connection.close()


def test_whole_database_is_fine(database: Path, only: Only) -> None:
    assert only(look_at_database).level == Level.OK


def test_missing_database_names_prepare(database: Path, only: Only) -> None:
    database.unlink()
    finding = only(look_at_database)
    assert finding.level == Level.FAULT
    assert "does not exist yet" in finding.reason
    assert finding.command.endswith("manage.py prepare")


def test_locked_database_is_named(database: Path, only: Only) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        finding = only(look_at_database)
    assert (finding.level, "is locked by another program" in finding.reason) == (Level.FAULT, True)


def test_damaged_database_is_named(database: Path, only: Only) -> None:
    content = bytearray(database.read_bytes())
    content[4096 : 4096 * 3] = b"\xa5" * (4096 * 2)
    database.write_bytes(content)
    assert "is damaged" in only(look_at_database).reason
    database.write_bytes(b"no database at all" * 300)
    assert "is damaged" in only(look_at_database).reason


def test_missing_migration_names_prepare(database: Path, only: Only) -> None:
    with closing(sqlite3.connect(database)) as file:
        rows = file.execute("SELECT max(id) FROM django_migrations WHERE app='ttsmirror'")
        (newest,) = rows.fetchone()
        file.execute("DELETE FROM django_migrations WHERE id = ?", [newest])
        file.commit()
    finding = only(look_at_database)
    assert "not up to date" in finding.reason
    assert finding.command.endswith("manage.py prepare")


def test_late_sentences_in_the_outbox_are_a_warning(only: Only) -> None:
    assert only(look_at_outbox).level == Level.OK
    OutboxEntry.objects.create(payload={}, created_at=timezone.now() - timedelta(minutes=5))
    finding = only(look_at_outbox)
    assert finding.level == Level.WARNING
    assert "for a speech service: 1" in finding.reason


def test_sentences_of_two_senders_are_named(only: Only) -> None:
    now = timezone.now()
    for number in range(3):
        for late in (0.0, 0.4):
            moment = now - timedelta(minutes=number, seconds=-late)
            utterance(f"Hola, soy Moxie {number}", source="bridge", received_at=moment)
        utterance("Sí.", received_at=now)
    finding = only(look_at_history)
    assert finding.level == Level.WARNING
    assert "two senders" in finding.reason
    assert "bridge" in finding.reason


def test_reason_of_the_last_failed_sentence_is_named(only: Only) -> None:
    assert only(look_at_outcomes).level == Level.OK
    now = timezone.now()
    utterance("Uno", status="expired", error="too old", received_at=now - timedelta(hours=1))
    utterance("Dos", status="failed", error="the process is not running", received_at=now)
    finding = only(look_at_outcomes)
    assert finding.level == Level.WARNING
    assert "within a day: 2" in finding.reason
    assert finding.reason.endswith("because: the process is not running")
    assert finding.is_quoted


def test_repeated_short_answers_are_fine(only: Only) -> None:
    for _ in range(9):
        utterance("Sí.", received_at=timezone.now())
    assert only(look_at_history).level == Level.OK


def test_recent_backup_is_fine(work: Path, only: Only) -> None:
    assert only(look_at_backup).level == Level.SKIPPED
    backup_of(work, timezone.now() - timedelta(days=1))
    assert only(look_at_backup).level == Level.OK


def test_old_backup_is_a_warning_with_the_command(work: Path, only: Only) -> None:
    backup_of(work, timezone.now() - timedelta(days=4))
    finding = only(look_at_backup)
    assert finding.level == Level.WARNING
    assert finding.command.endswith("manage.py backup moxie.zip")


def test_failed_backup_names_its_cause(work: Path, only: Only) -> None:
    backup_of(work, timezone.now())
    cause = Reason("full").as_json()
    (work / "backups/failure.json").write_text(json.dumps(cause))
    finding = only(look_at_backup)
    assert (finding.level, finding.reason) == (Level.WARNING, "the nightly backup failed: full")


def backup_of(work: Path, moment: datetime) -> None:
    """Put an empty nightly backup of a moment into a work directory."""
    path = work / "backups" / timezone.localtime(moment).strftime("moxie-%Y%m%d-%H%M%S.zip")
    path.parent.mkdir(exist_ok=True)
    path.write_text("")
