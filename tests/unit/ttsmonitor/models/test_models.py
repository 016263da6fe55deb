"""The history's vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance

pytestmark = pytest.mark.django_db
Status = Utterance.Status


def test_what_waits_is_dropped_at_once_however_much_it_is(
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
    assert set(left) == {("said", "spoken"), ("now", "playing"), ("other", "queued")}


def waiting(text: str, **fields: Any) -> Utterance:
    return utterance(text, status="queued", **fields)


def test_of_too_many_the_stale_ones_go_first_then_the_oldest_and_high_ones_last(
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


def test_a_sender_whose_clock_is_ahead_does_not_make_a_sentence_last() -> None:
    said = utterance("Hola", seconds_ago=30, ttl_seconds=20.0)
    said.published_at += timedelta(hours=1)
    assert said.is_stale(120)
    said.ttl_seconds = 40.0
    assert not said.is_stale(120)
