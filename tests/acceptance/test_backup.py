"""A backup of one computer, restored on another."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from tests.support.tools import run

BEGIN = "import sys; sys.path.insert(0, 'site'); import django; django.setup()"
MAKE = """
import sys
from django.contrib.auth.models import User
from django.core.management import call_command
from hive.broker.certificates import ensure_certificate
from ttsmirror.models import OutboxEntry
from ttsmirror.mqtt.account import broker_directory
from ttsmirror.publishing import outbox
from ttsmonitor.history import retention
from ttsmonitor.models import PronunciationEntry

User.objects.create_superuser("mum", password="a-long-password")
call_command("make_utterances", "200")
PronunciationEntry.objects.create(lang="es", written="Zoe", folded="zoe", said="Soe")
retention.set_days(90)
assert not outbox.may_have_entries()
OutboxEntry.objects.create(payload={"text": "not confirmed yet"})
ensure_certificate(broker_directory())
call_command("backup", sys.argv[1], "--voices")
"""
RESTORE = """
import sys
from pathlib import Path
from django.core.management import CommandError, call_command
from ttsmonitor.conf import conf
from ttsmonitor.system.lock import Service, only_one

def refusal(*arguments):
    try:
        call_command("restore", *arguments)
    except CommandError as exc:
        return str(exc)
    raise SystemExit(f"restored: {arguments}")

backup, damaged = map(Path, sys.argv[1:])
database = conf.work_dir / "moxie.sqlite3"
assert "damaged" in refusal(damaged)
with only_one(conf.work_dir, Service.SPEECH):
    assert "A speech service runs already" in refusal(backup)
assert not database.exists()
call_command("restore", backup)
assert "--replace" in refusal(backup)
before = database.read_bytes()
assert "damaged" in refusal(damaged, "--replace")
assert database.read_bytes() == before
database.write_bytes(b"destroyed" * 1000)
database.with_name("moxie.sqlite3-wal").write_bytes(b"left over")
call_command("restore", backup, "--replace")
"""


def program(source: str, work: Path, *arguments: Path) -> None:
    """Run a program with the settings of an installation."""
    environment = {"MOXIE_WORK_DIR": str(work), "DJANGO_SETTINGS_MODULE": "openmoxie.settings"}
    run([sys.executable, "-c", BEGIN + source, *map(str, arguments)], environment)


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every table, the shadow tables of the full-text index included."""
    with closing(sqlite3.connect(database)) as opened:
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        tables = opened.execute(query).fetchall()
        names = [
            name
            for name, sql in tables
            # `migrate` tries to add permissions that exist, which uses up numbers.
            if name != "sqlite_sequence" and not sql.startswith("CREATE VIRTUAL")
        ]
        return {name: opened.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def files(work: Path) -> dict[str, bytes]:
    """Return every file that is neither a database nor a lock."""
    found = {str(path.relative_to(work)): path for path in work.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in found.items()
        if ".sqlite3" not in name and not name.endswith(".lock")
    }


def test_backup_restored_elsewhere_is_the_same(new_database: Path, tmp_path: Path) -> None:
    ours, new = tmp_path / "ours", tmp_path / "new"
    backup, damaged = tmp_path / "moxie.zip", tmp_path / "damaged.zip"
    (ours / "voices").mkdir(parents=True)
    (ours / "voices/es_ES-test-low.onnx").write_bytes(b"voice")
    shutil.copy(new_database, ours)
    program(MAKE, ours, backup)
    damaged.write_bytes(backup.read_bytes()[:-9_000])
    program(RESTORE, new, backup, damaged)
    for name in ("moxie.sqlite3", "outbox.sqlite3"):
        assert rows(new / name) == rows(ours / name)
    assert len(rows(new / "moxie.sqlite3")["ttsmonitor_utterance"]) == 200
    assert {"secret_key", "broker/key.pem", "voices/es_ES-test-low.onnx"} <= files(new).keys()
    assert files(new) == files(ours)
