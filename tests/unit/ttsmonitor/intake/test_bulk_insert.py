"""Bulk insertion of new rows by few statements, each row once."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.intake.bulk_insert import insert_new

pytestmark = pytest.mark.django_db


def made(count: int) -> list[Utterance]:
    now = timezone.now()
    return [Utterance(text=f"{each}", published_at=now, received_at=now) for each in range(count)]


@pytest.mark.parametrize("count", [0, 1, 20, 39, 100])
def test_repeated_bulk_insert_keeps_each_row_once(count: int) -> None:
    rows = made(count)
    insert_new(rows)
    insert_new(rows)
    there = {row.pk: row for row in Utterance.objects.all()}
    assert len(there) == count
    for row in rows:
        kept = there[row.pk]
        assert (kept.text, kept.received_at) == (row.text, row.received_at)
        assert (kept.started_at, kept.ttl_seconds, kept.robot_confirmed) == (None, None, None)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="elsewhere the rest goes row by row")
def test_twenty_rows_take_one_insert() -> None:
    with CaptureQueriesContext(connection) as captured:
        insert_new(made(20))
    (query,) = captured
    assert query["sql"].startswith("1 times: INSERT")
