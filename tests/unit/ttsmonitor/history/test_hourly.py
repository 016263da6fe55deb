"""Hourly sums in memory equal those of the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce, Length, TruncHour
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.fields import UTC
from ttsmonitor.history import deletion, hourly
from ttsmonitor.history.hourly import Key, SumsByHour, latency_by_hour, sums_by_hour

pytestmark = pytest.mark.django_db
Status = Utterance.Status
NOW = datetime(2026, 3, 30, 10, 40, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    set_clock(monkeypatch, NOW)


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: now)


def in_memory() -> set[tuple[Any, ...]]:
    return {
        (hour, *key, sums.count, sums.characters, round(sums.audio_seconds, 6))
        for hour, key, sums in sums_by_hour.groups()
    }


def in_database() -> set[tuple[Any, ...]]:
    rows = (
        Utterance.objects.order_by()
        .annotate(hour=TruncHour("received_at", tzinfo=UTC))
        .values_list("hour", *Key._fields)
        .annotate(
            rows=Count("pk"),
            characters=Sum(Length("text")),
            seconds=Coalesce(Sum("audio_seconds"), 0.0),
        )
    )
    return {(*row[:-1], round(row[-1], 6)) for row in rows}


def count() -> int:
    return sum(sums.count for _hour, _key, sums in sums_by_hour.groups())


def test_sums_follow_utterance_changes() -> None:
    row = utterance("hola", status=Status.RECEIVING, device_id="moxie-1")
    assert in_memory() == in_database()
    same = Utterance.objects.filter(pk=row.pk)
    for values in (
        {"status": Status.QUEUED},
        {"status": Status.PLAYING},
        {"text": "hola, ¿qué tal?"},
        {"status": Status.SPOKEN, "audio_seconds": 2.5},
        {"received_at": NOW - 3 * DAY},
    ):
        same.update(**values)
        assert in_memory() == in_database()
    same.delete()
    assert in_memory() == set()


def test_sums_follow_a_generated_history() -> None:
    call_command("make_utterances", "700", "--days", "4")
    assert in_memory() == in_database()
    Utterance.objects.filter(source="chat").delete()
    assert in_memory() == in_database()


def test_finished_day_is_not_read_again() -> None:
    for days in range(1, 20):
        utterance(received_at=NOW - days * DAY)
    assert count() == 19
    utterance(received_at=NOW)
    with CaptureQueriesContext(connection) as queries:
        assert count() == 20
    sums = [query["sql"] for query in queries if "SUM(" in query["sql"]]
    assert len(sums) == 1
    assert "'2026-03-30" in sums[0]


def test_only_changed_days_are_read_again() -> None:
    rows = [utterance(received_at=NOW - days * DAY) for days in range(1, 20)]
    count()
    rows[9].delete()
    utterance(received_at=rows[9].received_at)
    utterance(received_at=rows[9].received_at)
    with CaptureQueriesContext(connection) as queries:
        assert count() == 20
    sums = [query["sql"] for query in queries if "SUM(" in query["sql"]]
    assert ["2026-03-20" in sql for sql in sums] == [True, False]


def test_outcome_of_old_waiting_utterance_is_counted() -> None:
    row = utterance(received_at=NOW - 5 * DAY, status=Status.QUEUED)
    assert in_memory() == in_database()
    Utterance.objects.filter(pk=row.pk).update(status=Status.EXPIRED)
    assert in_memory() == in_database()


def test_unfinished_day_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)
    set_clock(monkeypatch, late)
    row = utterance(received_at=late, status=Status.PLAYING)
    assert in_memory() == in_database()
    Utterance.objects.filter(pk=row.pk).update(status=Status.SPOKEN, audio_seconds=1.0)
    utterance(received_at=late + timedelta(minutes=29))
    set_clock(monkeypatch, NOW)
    assert in_memory() == in_database()


def test_answers_within_a_second_are_not_computed_again(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(hourly, "REFRESH_SECONDS", 60.0)
    utterance("hola")
    assert count() == 1
    with django_assert_num_queries(0):
        assert count() == 1


def test_deletion_in_this_process_shows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly, "REFRESH_SECONDS", 60.0)
    row = utterance(received_at=NOW - 2 * DAY)
    assert count() == 1
    deletion.delete_one(row.pk)
    assert count() == 0


def test_deletion_in_another_process_shows_at_the_next_refresh() -> None:
    row = utterance(received_at=NOW - 2 * DAY)
    other = SumsByHour()
    assert len(list(other.groups())) == 1
    row.delete()
    assert list(other.groups()) == []


def test_latency_beyond_the_charts_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    utterance(received_at=NOW - DAY, first_audio_ms=50.0)
    assert [latency.total() for _hour, latency in latency_by_hour.hours()] == [1]
    set_clock(monkeypatch, NOW + 100 * DAY)
    assert list(latency_by_hour.hours()) == []


def test_hours_outside_the_span_are_left_out() -> None:
    for hours in range(6):
        utterance(received_at=NOW - timedelta(hours=hours))
    since, until = NOW - timedelta(hours=3, minutes=40), NOW - timedelta(hours=1, minutes=40)
    moments = [moment.hour for moment, _key, _sums in sums_by_hour.groups(None, since, until)]
    assert moments == [7, 8]


@pytest.mark.django_db(transaction=True)
def test_first_page_finds_the_sums_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hourly, "REFRESH_SECONDS", 60.0)
    utterance("Hola", status=Status.SPOKEN, first_audio_ms=100)
    hourly.warm_up().join(10)
    with CaptureQueriesContext(connection) as captured:
        assert len(in_memory()) == 1
        assert len(list(latency_by_hour.hours())) == 1
    assert not captured.captured_queries
