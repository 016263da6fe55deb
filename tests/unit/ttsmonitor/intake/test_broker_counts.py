"""The broker's own counts."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from tests.support.web_fakes import FakeService
from ttsmonitor.intake import broker_counts
from ttsmonitor.intake.broker_counts import ROOT, SILENT, BrokerCounts


@pytest.fixture
def counts() -> BrokerCounts:
    return BrokerCounts()


def tell(counts: BrokerCounts, **numbers: object) -> None:
    for name, value in numbers.items():
        counts.hear(f"{ROOT}{name.replace('_', '/')}", str(value).encode())


def test_numbers_come_as_mosquitto_tells_them(counts: BrokerCounts) -> None:
    counts.hear(f"{ROOT}version", b"mosquitto version 2.0.11")
    counts.hear(f"{ROOT}uptime", b"65 seconds")
    counts.hear(f"{ROOT}retained messages/count", b"12")
    tell(counts, clients_connected=3, publish_messages_dropped=0)
    report = counts.report()
    assert (report["available"], report["detail"]) == (True, "")
    assert (report["version"], report["uptime_seconds"]) == ("mosquitto version 2.0.11", 65)
    assert (report["clients"], report["retained"], report["messages_dropped"]) == (3, 12, 0)
    assert report["bytes_sent"] is None
    assert report["heard_at"].endswith("Z")


@pytest.mark.parametrize("payload", [b"", b"many", b"\xff\xfe", b"-1", b"nan"])
def test_what_is_no_number_counts_for_nothing(counts: BrokerCounts, payload: bytes) -> None:
    counts.hear(f"{ROOT}clients/connected", payload)
    counts.hear(f"{ROOT}clients/unknown", b"7")
    report = counts.report()
    assert (report["available"], report["clients"], report["detail"]) == (False, None, SILENT)


def test_a_broker_that_fell_silent_or_is_away_has_no_counts_for_now(
    counts: BrokerCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(counts, clients_connected=3)
    away = counts.report("no broker answers at localhost:1883")
    assert (away["available"], away["detail"]) == (False, "no broker answers at localhost:1883")
    assert counts.report()["available"]
    monkeypatch.setattr(broker_counts, "FRESH_SECONDS", 0.0)
    assert counts.report()["detail"] == SILENT


def test_messages_a_minute_are_told_for_an_hour_and_begin_anew_with_the_broker(
    counts: BrokerCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    for minute in range(90):
        tell(counts, messages_received=30 * minute, messages_sent=60 * minute)
        now += 30
        tell(counts, messages_received=30 * minute + 15, messages_sent=60 * minute + 30)
        now += 30
    rates = counts.report()["rates"]
    assert len(rates) == 60
    assert all((each["received"], each["sent"]) == (30.0, 60.0) for each in rates[1:])
    tell(counts, messages_received=1)
    assert counts.report()["rates"] == []


def test_the_api_tells_them(browser: Client, speech: FakeService) -> None:
    assert browser.get("/api/stats/broker").json()["available"] is False
    tell(speech.counts, clients_connected=3)
    answer = browser.get("/api/stats/broker").json()
    assert (answer["available"], answer["clients"]) == (True, 3)


def test_where_no_service_runs_the_api_says_so(browser: Client) -> None:
    answer = browser.get("/api/stats/broker").json()
    assert answer["available"] is False
    assert "not running" in answer["detail"]
