"""A database of an earlier commit is migrated with all its rows (see tests/fixtures/README.md)."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bench.postgres import Postgres, find_programs
from tests.support.history import outbox_of
from tests.support.tools import ROOT, manage, run

FIXTURES = ROOT / "tests" / "fixtures"
RENAMED = {"ttsmonitor_keeping": "ttsmonitor_retentionpolicy"}
KEPT = (
    "auth_user",
    "hive_robot",
    "ttsmonitor_apitoken",
    "ttsmonitor_keeping",
    "ttsmonitor_quarantinedmessage",
    "ttsmonitor_utterance",
    "ttsmonitor_utterancechunk",
    "ttsmonitor_voicesetting",
)
QUESTIONS = """
import json
from django.contrib.auth.models import User
from ttsmirror.models import Utterance
from ttsmonitor.history import retention, stats
from ttsmonitor.history.filters import Filters
from ttsmonitor.models import ApiToken
mum = User.objects.get(username="mum")
last = Utterance.objects.get(text="Última canción del dragón")
def found():
    return [row.text for row in Filters(q="ultima canc", device_id="d_sala").rows()]
answers = {"found": found()}
Utterance.objects.filter(pk=last.pk).update(status="spoken")
answers |= {
    "found after a change": found(),
    "total": stats.collect()["total"],
    "days": retention.current_days(),
    "may set": mum.has_perm("ttsmonitor.change_retentionpolicy"),
    "may delete": mum.has_perm("ttsmirror.delete_utterance"),
    "token": ApiToken.objects.filter(digest=ApiToken.digest_of("secret-of-the-kitchen")).count(),
}
last.delete()
answers["found after a deletion"] = found()
print(json.dumps(answers))
"""


@dataclass
class Upgraded:
    """A database of b0521a3 and its connection."""

    environment: dict[str, str]
    connect: Any
    tables: str
    """The query for the names of the tables."""

    def rows(self, table: str) -> list[dict[str, Any]]:
        with closing(self.connect()) as connection:
            cursor = connection.execute(f"SELECT * FROM {table} ORDER BY id")
            columns = [column[0] for column in cursor.description]
            return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

    def table_names(self) -> set[str]:
        with closing(self.connect()) as connection:
            return {name for (name,) in connection.execute(self.tables).fetchall()}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upgraded]:
    environment = {"MOXIE_WORK_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "openmoxie.settings"}
    if request.param == "sqlite":
        path = tmp_path / "moxie.sqlite3"
        path.write_bytes(gzip.decompress((FIXTURES / "b0521a3.sqlite3.gz").read_bytes()))
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        yield Upgraded(environment, lambda: sqlite3.connect(path), names)
        return
    if (programs := find_programs()) is None:
        pytest.skip("PostgreSQL is not installed")
    with closing(Postgres(programs, is_durable=False)) as server:
        url = server.new_database("moxie")
        with psycopg.connect(url) as connection:
            connection.execute((FIXTURES / "b0521a3.postgresql.sql").read_bytes())
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        yield Upgraded(environment | {"DATABASE_URL": url}, lambda: psycopg.connect(url), names)


def text_of(entry: dict[str, Any]) -> str:
    payload = entry["payload"]
    fields = json.loads(payload) if isinstance(payload, str) else payload
    return str(fields["text"])


def test_every_row_and_permission_survives_the_upgrade(database: Upgraded) -> None:
    before = {table: database.rows(table) for table in KEPT}
    unconfirmed = database.rows("ttsmonitor_outboxentry")
    assert all([*before.values(), unconfirmed]), "the fixture has rows of each table"
    run(manage("migrate", "-v0"), database.environment)
    for table, rows in before.items():
        now = database.rows(RENAMED.get(table, table))
        assert [{column: row[column] for column in rows[0]} for row in now] == rows
    assert {row["approval"] for row in database.rows("hive_robot")} == {"approved"}
    assert not database.table_names() & {"ttsmonitor_total", "ttsmonitor_hourtotal"}
    assert outbox_of(database.environment) == [text_of(entry) for entry in unconfirmed]
    assert not database.rows("ttsmonitor_outboxentry")
    output = run(manage("shell", "-v0", "-c", QUESTIONS), database.environment)
    assert json.loads(output.splitlines()[-1]) == {
        "found": ["Última canción del dragón"],
        "found after a change": ["Última canción del dragón"],
        "found after a deletion": [],
        "total": len(before["ttsmonitor_utterance"]),
        "days": 3650,
        "may set": True,
        "may delete": True,
        "token": 1,
    }
