"""Health checks and their probes, above all that of the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from tests.support.tools import wait_until
from ttsmonitor.service.health import DatabaseProbe, Health, HealthCheck

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


def test_every_check_is_reported_and_probed_in_its_rhythm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmonitor.service.health.PROBE_SECONDS", 0.01)
    probes: list[str] = []
    errors = {"slow": "", "fast": ""}

    def fail() -> None:
        probes.append("broken")
        raise ZeroDivisionError

    health = Health(
        "test.health",
        [
            HealthCheck("broken", lambda: "", fail),
            HealthCheck("slow", lambda: errors["slow"], lambda: probes.append("slow")),
            HealthCheck(
                "fast", lambda: errors["fast"], lambda: probes.append("fast"), is_frequent=True
            ),
            HealthCheck("unprobed", lambda: ""),
        ],
    )
    health.start()
    wait_until(lambda: probes.count("fast") >= 3, "three frequent probes")
    health.stop()
    assert probes[:3] == ["broken", "slow", "fast"]
    assert set(probes[3:]) == {"fast"}
    errors["slow"] = "it is late"
    report = health.report()
    assert not report["ok"]
    assert [name for name, each in report["checks"].items() if not each["ok"]] == ["slow"]
    assert report["checks"]["slow"]["detail"] == "it is late"


def test_change_of_a_check_is_told_once() -> None:
    errors = {"voice": ""}
    changes: list[str] = []
    health = Health(
        "tests.health",
        [HealthCheck("voice", lambda: errors["voice"])],
        on_change=lambda: changes.append(errors["voice"]),
    )
    health.stopping.set()  # so that work() does not wait
    for error in ("", "", "gone", "gone", "still gone", ""):
        errors["voice"] = error
        health.work()
    assert changes == ["gone", ""]
