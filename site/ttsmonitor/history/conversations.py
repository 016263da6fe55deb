"""The history as people remember it: by day, and by who talked with which robot for a while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import timezone

from ttsmirror.models import Utterance

PAUSE = timedelta(minutes=5)
"""A longer silence of a robot ends a conversation."""


@dataclass
class Conversation:
    """What a robot said without a long pause."""

    device_id: str
    rows: list[Utterance] = field(default_factory=list)
    """Oldest first, as it was said."""

    @property
    def began(self) -> Utterance:
        return self.rows[0]

    @property
    def ended(self) -> Utterance:
        return self.rows[-1]


@dataclass
class Day:
    """A day of the visitor's clock, its newest conversation first."""

    date: date
    conversations: list[Conversation] = field(default_factory=list)
    count: int | None = None
    """Of the whole day, where that is known."""


def by_day(rows: Iterable[Utterance]) -> list[Day]:
    """Rows that come newest first."""
    days: list[Day] = []
    open_ones: dict[str, Conversation] = {}
    for row in rows:
        today = timezone.localtime(row.received_at).date()
        if not days or days[-1].date != today:
            days.append(Day(today))
            open_ones = {}
        known = open_ones.get(row.device_id)
        if known is None or known.began.received_at - row.received_at > PAUSE:
            known = open_ones[row.device_id] = Conversation(row.device_id)
            days[-1].conversations.append(known)
        known.rows.insert(0, row)
    return days
