"""Statistics over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.history import series

pytestmark = pytest.mark.django_db
Status = Utterance.Status
NOW = datetime(2026, 3, 30, 10, 40, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")


@pytest.fixture
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def receive(hours_ago: float, text: str = "Hola", **fields: Any) -> Utterance:
    return utterance(text, received_at=NOW - timedelta(hours=hours_ago), **fields)


def buckets(by: str, count: int, zone: Any = UTC) -> list[dict[str, Any]]:
    cache.clear()
    found: list[dict[str, Any]] = series.collect(by, count, zone)["buckets"]
    return found


@pytest.mark.usefixtures("frozen_clock")
class TestBuckets:
    def test_empty_hours_are_there_oldest_first(self) -> None:
        receive(0.5)  # 10:10
        receive(0.7)  # 09:58
        receive(2.6)  # 08:04
        receive(9)
        found = buckets("hour", 4)
        assert [each["start"][11:16] for each in found] == ["07:00", "08:00", "09:00", "10:00"]
        assert [each["count"] for each in found] == [0, 1, 1, 1]
        for name in ("waiting_ms", "first_audio_ms"):
            assert found[0][name] == {"count": 0, "p50": None, "p95": None}
        assert (found[0]["by_source"], found[0]["by_status"]) == ({}, {})

    def test_bucket_has_sums_by_source_and_status(self) -> None:
        receive(0.1, "uno", source="chat", audio_seconds=1.5)
        receive(0.2, "ñandú", source="chat", status=Status.FAILED)
        receive(0.3, "cuatro", source="system", audio_seconds=0.25)
        (found,) = buckets("hour", 1)
        assert found["count"] == 3
        assert found["by_source"] == {"chat": 2, "system": 1}
        assert found["by_status"] == {"spoken": 2, "failed": 1}
        assert (found["characters"], found["audio_seconds"]) == (14, 1.75)

    def test_percentiles_are_right_within_two_percent(self) -> None:
        for milliseconds in range(1, 101):
            receive(0.1, first_audio_ms=10.0 * milliseconds, waiting_ms=7.0)
        receive(0.1, status=Status.FAILED)
        first = buckets("hour", 1)[0]["first_audio_ms"]
        assert first["count"] == 100
        assert first["p50"] == pytest.approx(500, rel=0.02)
        assert first["p95"] == pytest.approx(950, rel=0.02)

    def test_percentiles_combine_several_hours(self) -> None:
        for hours, milliseconds in ((1, 10.0), (2, 1000.0), (3, 1000.0)):
            receive(hours, first_audio_ms=milliseconds)
        first = buckets("day", 1)[0]["first_audio_ms"]
        assert first["count"] == 3
        assert first["p50"] == pytest.approx(1000, rel=0.02)

    def test_days_begin_at_midnight_across_a_clock_change(self) -> None:
        # In Madrid 29 March has 23 hours and begins an hour before the UTC day.
        for moment in (
            datetime(2026, 3, 28, 22, 59, tzinfo=UTC),
            datetime(2026, 3, 28, 23, 1, tzinfo=UTC),
            datetime(2026, 3, 29, 21, 59, tzinfo=UTC),
            datetime(2026, 3, 29, 22, 1, tzinfo=UTC),
        ):
            utterance(received_at=moment)
        found = buckets("day", 3, MADRID)
        assert [each["count"] for each in found] == [1, 2, 1]
        starts = [each["start"] for each in found]
        assert starts == [
            "2026-03-27T23:00:00.000Z",
            "2026-03-28T23:00:00.000Z",
            "2026-03-29T22:00:00.000Z",
        ]

    def test_deleted_utterances_are_gone(self) -> None:
        receive(48)
        assert sum(each["count"] for each in buckets("day", 3)) == 1
        Utterance.objects.all().delete()
        assert sum(each["count"] for each in buckets("day", 3)) == 0

    def test_unfinished_utterances_count(self) -> None:
        receive(0.1, "cuatro", status=Status.QUEUED)
        (found,) = buckets("hour", 1)
        assert (found["by_status"], found["characters"]) == ({"queued": 1}, 6)

    def test_answer_is_shared_for_some_seconds(self, django_assert_num_queries: Any) -> None:
        receive(0.1)
        first = series.collect("hour", 2, UTC)
        with django_assert_num_queries(0):
            assert series.collect("hour", 2, UTC) == first

    @pytest.mark.parametrize("rows", [1, 40])
    def test_queries_do_not_grow_with_the_history(
        self, rows: int, django_assert_num_queries: Any
    ) -> None:
        for number in range(rows):
            receive(number, source=f"source-{number}", first_audio_ms=1.0)
        buckets("day", 30)
        with django_assert_num_queries(5):
            buckets("day", 30)


def test_api_counts_the_current_hours(browser: Client) -> None:
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
def test_bad_parameter_is_400_and_is_named(browser: Client, query: dict[str, str]) -> None:
    response = browser.get("/api/stats/series", query)
    assert (response.status_code, response.json()["error"]) == (400, "bad_request")
    assert list(query)[-1] in response.json()["detail"]
