"""Statistics of the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.history import stats

pytestmark = pytest.mark.django_db
Status = Utterance.Status


def test_empty_history_has_zeros_and_no_percentiles() -> None:
    numbers = stats.collect()
    assert (numbers["total"], numbers["today"], numbers["last_hour"]) == (0, 0, 0)
    assert numbers["by_status"] == dict.fromkeys(Status.values, 0)
    assert numbers["by_source"] == {}
    for name in ("waiting_ms", "first_audio_ms"):
        assert numbers[name] == {"count": 0, "p50": None, "p95": None}


def test_sums_cover_all_rows() -> None:
    utterance("uno", source="chat", audio_seconds=1.5)
    utterance("cuatro", source="chat", audio_seconds=2.25)
    utterance("ñandú", source="puppet_mode", status=Status.FAILED)
    numbers = stats.collect()
    assert numbers["total"] == 3
    assert numbers["by_status"]["spoken"] == 2
    assert numbers["by_status"]["failed"] == 1
    assert numbers["by_source"] == {"chat": 2, "puppet_mode": 1}
    assert numbers["characters"] == 14
    assert numbers["audio_seconds"] == 3.75


def test_today_begins_at_local_midnight_unlike_the_last_hour(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.TIME_ZONE = "Europe/Madrid"
    now = datetime(2026, 1, 15, 23, 30, tzinfo=UTC)  # half past midnight in Madrid
    monkeypatch.setattr(timezone, "now", lambda: now)
    for minutes in (5, 45, 90):
        utterance(received_at=now - timedelta(minutes=minutes))
    numbers = stats.collect()
    assert (numbers["today"], numbers["last_hour"], numbers["total"]) == (1, 2, 3)


def test_today_is_exact_in_a_half_hour_time_zone(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.TIME_ZONE = "Asia/Kolkata"
    now = datetime(2026, 1, 15, 20, 0, tzinfo=UTC)  # half past one at night there
    monkeypatch.setattr(timezone, "now", lambda: now)
    for minutes in (5, 85, 95):
        utterance(received_at=now - timedelta(minutes=minutes))
    utterance(received_at=now, status=Status.QUEUED)
    assert stats.collect()["today"] == 3


def test_percentiles_ignore_unheard_utterances() -> None:
    for milliseconds in range(1, 101):
        utterance(first_audio_ms=float(milliseconds))
    utterance(status=Status.FAILED)
    first = stats.collect()["first_audio_ms"]
    assert first == {"count": 100, "p50": 50.0, "p95": 95.0}


def test_percentiles_cover_the_newest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MEASURED", 2)
    utterance(seconds_ago=100, first_audio_ms=9999.0)
    utterance(seconds_ago=20, first_audio_ms=40.0, waiting_ms=5_000.0)
    utterance(seconds_ago=10, first_audio_ms=60.0)
    assert stats.collect()["first_audio_ms"] == {"count": 2, "p50": 40.0, "p95": 60.0}
    assert stats.collect()["waiting_ms"] == {"count": 1, "p50": 5_000.0, "p95": 5_000.0}


@pytest.mark.parametrize("rows", [0, 1, 60])
def test_queries_do_not_grow_with_the_history(rows: int, django_assert_num_queries: Any) -> None:
    for number in range(rows):
        utterance(source=f"source-{number}", first_audio_ms=1.0)
    stats.collect()  # fill the cache
    with django_assert_num_queries(6 if rows else 5):
        stats.collect()
