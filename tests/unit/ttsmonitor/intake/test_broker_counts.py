"""The broker's statistics."""

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


def test_mosquitto_statistics_are_reported(counts: BrokerCounts) -> None:
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
def test_invalid_or_unknown_count_is_ignored(counts: BrokerCounts, payload: bytes) -> None:
    counts.hear(f"{ROOT}clients/connected", payload)
    counts.hear(f"{ROOT}clients/unknown", b"7")
    report = counts.report()
    assert (report["available"], report["clients"], report["detail"]) == (False, None, SILENT)


def test_counts_are_unavailable_for_silent_or_lost_broker(
    counts: BrokerCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(counts, clients_connected=3)
    away = counts.report("no broker answers at localhost:1883")
    assert (away["available"], away["detail"]) == (False, "no broker answers at localhost:1883")
    assert counts.report()["available"]
    monkeypatch.setattr(broker_counts, "FRESH_SECONDS", 0.0)
    assert counts.report()["detail"] == SILENT


def test_message_rates_cover_one_hour_and_restart_with_broker(
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


def test_api_returns_the_broker_counts(browser: Client, speech: FakeService) -> None:
    assert browser.get("/api/stats/broker").json()["available"] is False
    tell(speech.counts, clients_connected=3)
    answer = browser.get("/api/stats/broker").json()
    assert (answer["available"], answer["clients"]) == (True, 3)


def test_api_without_service_reports_missing_counts(browser: Client) -> None:
    answer = browser.get("/api/stats/broker").json()
    assert answer["available"] is False
    assert "not running" in answer["detail"]
