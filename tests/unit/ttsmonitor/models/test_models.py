"""QuerySet methods and properties of utterances."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason

pytestmark = pytest.mark.django_db
Status = Utterance.Status


def test_dropping_waiting_utterances_takes_two_queries(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    for number in range(30):
        utterance(f"{number}", status="queued", device_id="d_1", seconds_ago=60 - number)
    utterance("parts", status="receiving", device_id="d_1", seconds_ago=1)
    utterance("said", status="spoken", device_id="d_1")
    utterance("now", status="playing", device_id="d_1")
    utterance("other", status="queued", device_id="d_2")
    with django_assert_num_queries(2):
        dropped = Utterance.objects.unspoken().of_device("d_1").drop(Status.SKIPPED, "enough")
    assert [each.text for each in dropped] == [*map(str, range(30)), "parts"]
    assert {(each.status, each.error) for each in dropped} == {(Status.SKIPPED, "enough")}
    assert all(each.finished_at for each in dropped)
    left = Utterance.objects.exclude(status=Status.SKIPPED).values_list("text", "status")
    assert {each.reason for each in dropped} == {None}
    assert set(left) == {("said", "spoken"), ("now", "playing"), ("other", "queued")}


def test_dropped_utterance_has_its_reason() -> None:
    utterance("waits", status="queued")
    (dropped,) = Utterance.objects.unspoken().drop(Status.SKIPPED, Reason("skipped"))
    assert dropped.reason == {"code": "skipped", "params": {}}
    assert dropped.failure == "skipped"


def waiting(text: str, **fields: Any) -> Utterance:
    return utterance(text, status="queued", **fields)


def test_stale_then_oldest_then_urgent_utterances_go_first(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    waiting("high and old", priority="high", seconds_ago=90)
    waiting("high", priority="high", seconds_ago=5)
    waiting("oldest", seconds_ago=80)
    waiting("older", seconds_ago=70)
    waiting("patient", seconds_ago=1_000, ttl_seconds=2_000.0)
    waiting("stale", seconds_ago=121)
    waiting("impatient", seconds_ago=10, ttl_seconds=9.5)
    waiting("new")
    utterance("parts", status="receiving", seconds_ago=500)
    utterance("now", status="playing", seconds_ago=500)
    order = ["stale", "impatient", "patient", "oldest", "older", "new", "high and old", "high"]
    for count in range(9):
        chosen = Utterance.objects.first_to_go(count, default_ttl_seconds=120)
        assert {each.text for each in chosen} == set(order[:count])
    with django_assert_num_queries(2):
        dropped = Utterance.objects.first_to_go(6, 120).drop(Status.SKIPPED, "too many")
    assert {each.text for each in dropped} == set(order[:6])
    assert [each.text for each in Utterance.objects.waiting()] == order[6:]
    assert set(Utterance.objects.exclude(status__in=["queued", "skipped"]).values_list("text")) == {
        ("parts",),
        ("now",),
    }


def test_sender_clock_ahead_does_not_extend_the_ttl() -> None:
    said = utterance("Hola", seconds_ago=30, ttl_seconds=20.0)
    said.published_at += timedelta(hours=1)
    assert said.is_stale(120)
    said.ttl_seconds = 40.0
    assert not said.is_stale(120)
