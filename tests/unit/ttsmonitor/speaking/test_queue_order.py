"""Manual order of the queue, together with priorities."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.speaking import queue_order
from ttsmonitor.speaking.queue_order import Place, reordered
from ttsmonitor.speaking.wall_clock import _clock_was_set

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
in_database = pytest.mark.django_db


def waiting(*texts: str, **fields: Any) -> list[Utterance]:
    """Create waiting utterances, each a second older than the next."""
    return [
        utterance(text, status="queued", seconds_ago=10 * len(texts) - index, **fields)
        for index, text in enumerate(texts)
    ]


def queue() -> str:
    return " ".join(Utterance.objects.waiting().values_list("text", flat=True))


@in_database
def test_moved_utterance_stays_and_new_ones_follow() -> None:
    one, two, three = waiting("one", "two", "three")
    assert queue_order.move(three.pk, before=one.pk)
    assert queue() == "three one two"
    assert queue_order.move(three.pk, before=two.pk)
    assert queue() == "one three two"
    assert queue_order.move(one.pk, before=None)
    assert queue() == "three two one"
    assert queue_order.move(two.pk, before=two.pk)
    waiting("four")
    assert queue() == "three two one four"


@in_database
def test_high_priority_precedes_normal_unless_moved() -> None:
    _one, two = waiting("one", "two")
    waiting("high", priority="high")
    assert queue() == "high one two"
    high = Utterance.objects.get(text="high")
    assert queue_order.move(two.pk, before=high.pk)
    assert queue() == "two high one"
    waiting("higher", priority="high")
    assert queue() == "two high higher one"
    assert queue_order.move(high.pk, before=None)
    assert queue() == "two higher one high"
    waiting("highest", priority="high")
    assert queue() == "two higher highest one high"


@in_database
def test_finished_utterance_is_neither_moved_nor_removed() -> None:
    one, two = waiting("one", "two")
    said = utterance("said")
    assert not queue_order.move(said.pk, before=one.pk)
    assert not queue_order.move(one.pk, before=said.pk)
    assert not queue_order.move(uuid.uuid4(), before=None)
    assert queue_order.remove(said.pk) == []
    assert [each.error for each in queue_order.remove(two.pk)] == ["removed from the queue"]
    assert queue() == "one"
    two.refresh_from_db()
    assert two.status == "skipped" and two.finished_at


@in_database
def test_next_utterance_query_uses_an_index() -> None:
    plan = Utterance.objects.speakable_now()[:1].explain()
    assert "utterance_turn" in plan
    if connection.vendor == "sqlite":
        assert "TEMP B-TREE" not in plan


@pytest.mark.django_db(transaction=True)
def test_moving_by_one_writes_two_rows(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    rows = waiting(*map(str, range(300)))
    with django_assert_num_queries(4):  # begin, read, write, commit
        queue_order.move(rows[200].pk, before=rows[199].pk)
    assert Utterance.objects.filter(turn__isnull=False).count() == 2


def test_turns_are_handed_out_within_a_rank_only() -> None:
    high, one, two = (
        Place(uuid.uuid4(), rank, NOON + timedelta(seconds=second))
        for rank, second in ((1, 30), (0, 10), (0, 20))
    )
    assert reordered([high, one, two], two.id, before=one.id) == [
        high,
        Place(two.id, 0, one.turn),
        Place(one.id, 0, two.turn),
    ]
    assert reordered([high], high.id, before=None) == [high]


@in_database
def test_moved_utterance_stays_after_clock_change() -> None:
    one, _two, three = waiting("one", "two", "three")
    queue_order.move(three.pk, before=one.pk)
    _clock_was_set(timedelta(days=-1))
    assert queue() == "three one two"
    three.refresh_from_db()
    assert three.turn is not None and three.turn < timezone.now() - timedelta(hours=23)
    utterance("new", status="queued", seconds_ago=86_399)
    assert queue() == "three one two new"
