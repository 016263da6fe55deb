"""The history grouped by day and by conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone

from ttsmirror.models import Utterance

PAUSE = timedelta(minutes=5)
"""A longer silence of a robot ends a conversation."""


@dataclass
class Conversation:
    """Utterances of a robot without a long pause between them."""

    device_id: str
    rows: list[Utterance] = field(default_factory=list)
    """Oldest first."""

    @property
    def first(self) -> Utterance:
        """The oldest utterance."""
        return self.rows[0]

    @property
    def last(self) -> Utterance:
        """The newest utterance."""
        return self.rows[-1]


@dataclass
class Day:
    """A day of the visitor's time zone, its newest conversation first."""

    date: date
    conversations: list[Conversation] = field(default_factory=list)
    count: int | None = None
    """Number of utterances of the whole day, if known."""


def by_day(rows: Iterable[Utterance]) -> list[Day]:
    """Group rows, which come newest first."""
    days: list[Day] = []
    latest: dict[str, Conversation] = {}
    for row in rows:
        day = _date_of(row)
        if not days or days[-1].date != day:
            days.append(Day(day))
            latest = {}
        conversation = latest.get(row.device_id)
        if not conversation or conversation.first.received_at - row.received_at > PAUSE:
            conversation = latest[row.device_id] = Conversation(row.device_id)
            days[-1].conversations.append(conversation)
        conversation.rows.insert(0, row)
    return days


def by_date(rows: Iterable[Utterance]) -> Iterator[tuple[date, list[Utterance]]]:
    """Group rows by the day of the visitor's time zone, in their order."""
    for day, group in groupby(rows, key=_date_of):
        yield day, list(group)


def _date_of(row: Utterance) -> date:
    return timezone.localtime(row.received_at).date()
