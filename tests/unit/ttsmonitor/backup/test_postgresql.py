"""The tables of PostgreSQL survive a backup exactly; tests/integration runs this with a server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.backup import postgresql
from ttsmonitor.backup.archive import Reader
from ttsmonitor.backup.making import make_backup
from ttsmonitor.exceptions import BackupError
from ttsmonitor.models import QuarantinedMessage

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("MOXIE_TEST_POSTGRESQL" not in os.environ, reason="no PostgreSQL"),
]


def content() -> list[list[tuple[Any, ...]]]:
    """Return the rows of all tables."""
    found = []
    with connection.cursor() as cursor:
        for table in postgresql._tables():
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append(sorted(cursor.fetchall(), key=repr))
    return found


@pytest.fixture
def backup(tmp_path: Path, settings: Any) -> Path:
    settings.WORK_DIR = tmp_path
    utterance('Dijo: "¡Hola!",\n\\N y \t😀')
    utterance("")
    QuarantinedMessage.objects.create(topic="t", payload=b"\x00\xff\\x", reason="")
    make_backup(tmp_path / "moxie.zip")
    return tmp_path / "moxie.zip"


def test_tables_are_restored_exactly(backup: Path) -> None:
    before = content()
    Utterance.objects.all().delete()
    utterance("later")
    with Reader(backup) as archive:
        postgresql.load(archive)
    assert content() == before
    # A new row does not get the number of an old one.
    QuarantinedMessage.objects.create(topic="t", payload=b"", reason="")


def test_failed_restoration_changes_nothing(backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    utterance("later")
    before = content()
    blocks = Reader.blocks

    def damaged(self: Reader, name: str) -> Any:
        if "utterance" in name:
            raise BackupError("damaged")
        return blocks(self, name)

    monkeypatch.setattr(Reader, "blocks", damaged)
    with Reader(backup) as archive, pytest.raises(BackupError):
        postgresql.load(archive)
    assert content() == before
