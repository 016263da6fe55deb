"""Numbers over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.history import series as series_module
from ttsmonitor.history.series import Series
from ttsmonitor.monitor import stats_api

pytestmark = pytest.mark.django_db
Status = Utterance.Status
NOW = datetime(2026, 3, 30, 10, 40, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch) -> Series:
    """One whose answers are made anew each time."""
    monkeypatch.setattr(series_module, "ANSWER_SECONDS", 0.0)
    return Series()


@pytest.fixture(autouse=True)
def a_series_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats_api, "series", Series())


def said(hours_ago: float, text: str = "Hola", **fields: Any) -> Utterance:
    return utterance(text, received_at=NOW - timedelta(hours=hours_ago), **fields)


def buckets(series: Series, by: str, count: int, zone: Any = UTC) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = series.collect(by, count, zone, NOW)["buckets"]
    return found


def test_hours_are_whole_oldest_first_and_there_even_where_nothing_was_said(
    series: Series,
) -> None:
    said(0.5)  # 10:10
    said(0.7)  # 09:58
    said(2.6)  # 08:04
    said(9)
    found = buckets(series, "hour", 4)
    assert [each["start"][11:16] for each in found] == ["07:00", "08:00", "09:00", "10:00"]
    assert [each["count"] for each in found] == [0, 1, 1, 1]
    assert found[0]["first_audio_ms"] == {"count": 0, "p50": None, "p95": None}
    assert (found[0]["by_source"], found[0]["by_status"]) == ({}, {})


def test_a_bucket_has_sums_by_source_and_outcome(series: Series) -> None:
    said(0.1, "uno", source="chat", audio_seconds=1.5)
    said(0.2, "ñandú", source="chat", status=Status.FAILED)
    said(0.3, "cuatro", source="system", audio_seconds=0.25)
    (found,) = buckets(series, "hour", 1)
    assert found["count"] == 3
    assert found["by_source"] == {"chat": 2, "system": 1}
    assert found["by_status"] == {"spoken": 2, "failed": 1}
    assert (found["characters"], found["audio_seconds"]) == (14, 1.75)


def test_percentiles_are_right_within_two_hundredths(series: Series) -> None:
    for milliseconds in range(1, 101):
        said(0.1, first_audio_ms=10.0 * milliseconds)
    said(0.1, status=Status.FAILED)
    first = buckets(series, "hour", 1)[0]["first_audio_ms"]
    assert first["count"] == 100
    assert first["p50"] == pytest.approx(500, rel=0.02)
    assert first["p95"] == pytest.approx(950, rel=0.02)


def test_days_begin_at_midnight_of_the_zone_also_where_the_clock_is_changed(
    series: Series,
) -> None:
    # On 29 March the day has 23 hours in Madrid, and begins an hour before UTC's.
    for moment in (
        datetime(2026, 3, 28, 22, 59, tzinfo=UTC),
        datetime(2026, 3, 28, 23, 1, tzinfo=UTC),
        datetime(2026, 3, 29, 21, 59, tzinfo=UTC),
        datetime(2026, 3, 29, 22, 1, tzinfo=UTC),
    ):
        utterance(received_at=moment)
    found = buckets(series, "day", 3, MADRID)
    assert [each["count"] for each in found] == [1, 2, 1]
    starts = [each["start"] for each in found]
    assert starts == [
        "2026-03-27T23:00:00.000Z", "2026-03-28T23:00:00.000Z", "2026-03-29T22:00:00.000Z",
    ]  # fmt: skip


def test_what_is_of_now_is_read_each_time_and_what_is_over_is_not(series: Series) -> None:
    for days in range(1, 20):
        said(24 * days)
    assert sum(each["count"] for each in buckets(series, "day", 30)) == 19
    said(0.1)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert sum(each["count"] for each in buckets(series, "day", 30)) == 20
    assert len(queries) == 4
    assert not [query for query in queries if "2026-03-29" in query["sql"]]


def test_a_day_that_was_read_before_its_end_is_read_again(series: Series) -> None:
    late = datetime(2026, 3, 29, 23, 30, tzinfo=UTC)
    utterance(received_at=late - timedelta(minutes=5))
    assert series.collect("hour", 1, UTC, late)["buckets"][0]["count"] == 1
    utterance(received_at=late + timedelta(minutes=10))
    found = buckets(series, "day", 2)
    assert [each["count"] for each in found] == [2, 0]


def test_days_that_are_over_are_looked_at_again_one_at_a_time(
    series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(1, 4):
        said(24 * days)
    buckets(series, "day", 4)
    for row in Utterance.objects.all():
        utterance(received_at=row.received_at)
    monkeypatch.setattr(series_module, "DAY_SECONDS", 0.0)
    found = [sum(each["count"] for each in buckets(series, "day", 4)) for _ in range(3)]
    assert found == [4, 5, 6]


def test_what_was_deleted_is_gone_at_once(series: Series) -> None:
    said(48)
    assert sum(each["count"] for each in buckets(series, "day", 3)) == 1
    Utterance.objects.all().delete()
    assert sum(each["count"] for each in buckets(series, "day", 3)) == 0


def test_what_is_not_finished_counts_too(series: Series) -> None:
    said(0.1, "cuatro", status=Status.QUEUED)
    (found,) = buckets(series, "hour", 1)
    assert (found["by_status"], found["characters"]) == ({"queued": 1}, 6)


def test_all_pages_share_an_answer_for_some_seconds(django_assert_num_queries: Any) -> None:
    series = Series()
    said(0.1)
    first = series.collect("hour", 2, UTC, NOW)
    with django_assert_num_queries(0):
        assert series.collect("hour", 2, UTC, NOW) is first


@pytest.mark.parametrize("rows", [0, 1, 40])
def test_queries_do_not_grow_with_the_history(
    rows: int, series: Series, django_assert_num_queries: Any
) -> None:
    for number in range(rows):
        said(number, source=f"source-{number}", first_audio_ms=1.0)
    with django_assert_num_queries(4):
        buckets(series, "day", 30)


def test_the_api_counts_hours_of_now(browser: Client) -> None:
    utterance("Hola", source="chat")
    answer = browser.get("/api/stats/series").json()
    assert (answer["by"], len(answer["buckets"])) == ("hour", 48)
    assert sum(each["count"] for each in answer["buckets"][-2:]) == 1
    answer = browser.get("/api/stats/series?by=day&count=7&zone=Asia/Kolkata").json()
    assert (answer["by"], answer["zone"], len(answer["buckets"])) == ("day", "Asia/Kolkata", 7)
    assert answer["buckets"][0]["start"].endswith("T18:30:00.000Z")


@pytest.mark.parametrize(
    "query",
    [
        {"by": "year"},
        {"count": "0"},
        {"count": "169"},
        {"count": "many"},
        {"count": "²"},
        {"by": "day", "count": "93"},
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"zone": "Europe"},
    ],
)
def test_what_cannot_be_counted_is_400_with_a_sentence(
    browser: Client, query: dict[str, str]
) -> None:
    response = browser.get("/api/stats/series", query)
    assert (response.status_code, response.json()["error"]) == (400, "bad_request")
    assert list(query)[-1] in response.json()["detail"]
