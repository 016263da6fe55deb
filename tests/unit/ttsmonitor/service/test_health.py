"""What the probe of the database notices, and what it costs."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from ttsmonitor.service.health import DatabaseProbe

pytestmark = pytest.mark.django_db(transaction=True)


def test_lock_is_noticed_between_two_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", 0.05)
    connection.close()
    probe = DatabaseProbe()
    probe.look()
    assert probe.error == ""
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as other:
        other.execute("BEGIN IMMEDIATE")
        probe.look()
        assert "locked" in probe.error
        other.rollback()
    probe.look()
    assert probe.error == ""


def test_look_between_two_writes_writes_nothing() -> None:
    probe = DatabaseProbe()
    probe.look()
    with CaptureQueriesContext(connection) as captured:
        probe.look()
    statements = [query["sql"].split()[0] for query in captured]
    assert statements == ["BEGIN", "SELECT", "COMMIT"]
