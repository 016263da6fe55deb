"""Sums of the history by hour of UTC, kept in memory.

The days of any time zone can be put together from hours. A day that is over changes only by
deletion, so it is read once; after that its number of rows is compared. The current day is read
again whenever somebody asks, but at most once a second.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Count, IntegerField, Sum
from django.db.models.functions import Cast, Length, Substr, TruncDay, TruncHour
from django.utils import timezone

from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmirror.wire.messages import UTC
from ttsmonitor.history.latency import Histogram

DAY = timedelta(days=1)
SETTLING = timedelta(hours=1)
"""A day is over this long after its midnight: a row may be written a little after its time."""
REFRESH_SECONDS = 1.0
"""The database is asked at most once in this time."""
LATENCY_DAYS = 94
"""Times to first sound are kept for the days that the charts show at most."""


class Key(NamedTuple):
    """The columns by which utterances are summed."""

    device_id: str
    source: str
    status: str


@dataclass(slots=True)
class Sums:
    """Sums over utterances."""

    count: int = 0
    characters: int = 0
    audio_seconds: float = 0.0

    def add(self, other: Sums) -> None:
        """Add those of other utterances."""
        self.count += other.count
        self.characters += other.characters
        self.audio_seconds += other.audio_seconds


@dataclass(slots=True)
class Hour:
    """What was received in one hour."""

    groups: dict[Key, Sums] = field(default_factory=dict)
    latency: Histogram = field(default_factory=Histogram)


class Day:
    """The hours of one day of UTC, by their beginning."""

    def __init__(self, hours: dict[datetime, Hour]) -> None:
        """Count the rows, and look whether any of them may still change."""
        self.hours = hours
        groups = [group for hour in hours.values() for group in hour.groups.items()]
        self.count = sum(sums.count for _key, sums in groups)
        self.is_final = all(key.status not in Utterance.UNFINISHED for key, _sums in groups)


class HourlySums:
    """A cache of the sums of all hours. It may be used from any thread."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._days: dict[datetime, Day] = {}
        self._read_at: float | None = None

    def hours(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[datetime, Hour]]:
        """Yield the hours that begin from `since` on and before `until`, oldest first."""
        for midnight, day in self._current():
            if (since and midnight + DAY <= since) or (until and midnight >= until):
                continue
            for moment, hour in day.hours.items():
                if not ((since and moment < since) or (until and moment >= until)):
                    yield moment, hour

    def groups(
        self,
        equal: Mapping[str, str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[tuple[datetime, Key, Sums]]:
        """Yield the sums of those hours whose key has these values, oldest first."""
        wanted = Key(**{name: (equal or {}).get(name, "") for name in Key._fields})
        for moment, hour in self.hours(since, until):
            for key, sums in hour.groups.items():
                if all(value in ("", each) for value, each in zip(wanted, key, strict=True)):
                    yield moment, key, sums

    def expire(self) -> None:
        """Ask the database at the next use, because this process deleted something."""
        with self._lock:
            self._read_at = None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._days, self._read_at = {}, None

    def _current(self) -> list[tuple[datetime, Day]]:
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at >= REFRESH_SECONDS:
                self._days = self._refreshed(timezone.now())
                self._read_at = time.monotonic()
            return list(self._days.items())

    def _refreshed(self, now: datetime) -> dict[datetime, Day]:
        """Return all days, of which only those are read that may have changed."""
        current = _midnight(now - SETTLING)
        oldest = current - LATENCY_DAYS * DAY
        past = Utterance.objects.filter(received_at__lt=current)
        days = {each: day for each, day in self._days.items() if each < current and day.is_final}
        if past.count() != sum(day.count for day in days.values()):
            counts = _count_by_day(past)
            days = {each: day for each, day in days.items() if counts.get(each) == day.count}
            if missing := counts.keys() - days.keys():
                first, last = min(missing), max(missing)
                span = past.filter(received_at__gte=first, received_at__lt=last + DAY)
                days |= _read_days(span, oldest)
        days |= _read_days(Utterance.objects.filter(received_at__gte=current), oldest)
        for day in (day for each, day in days.items() if each < oldest):
            for hour in day.hours.values():
                hour.latency.clear()
        return dict(sorted(days.items()))


def _read_days(rows: UtteranceQuerySet, latency_since: datetime) -> dict[datetime, Day]:
    """Sum up `rows`, with times to first sound from `latency_since` on."""
    hours: defaultdict[datetime, Hour] = defaultdict(Hour)
    sums = (
        _by(rows, "hour")
        .values_list("moment", *Key._fields)
        .annotate(rows=Count("pk"), characters=Sum(Length("text")), seconds=Sum("audio_seconds"))
    )
    keys: dict[Key, Key] = {}  # one object for each, however many hours have it
    for moment, device_id, source, status, count, characters, seconds in sums:
        key = Key(device_id, source, status)
        hours[_moment(moment)].groups[keys.setdefault(key, key)] = Sums(
            count, characters, seconds or 0.0
        )
    heard = _by(rows.filter(first_audio_ms__isnull=False, received_at__gte=latency_since), "hour")
    milliseconds = heard.annotate(ms=Cast("first_audio_ms", IntegerField()))
    for moment, ms, count in milliseconds.values_list("moment", "ms").annotate(Count("pk")):
        hours[_moment(moment)].latency.record(ms, count)
    days: defaultdict[datetime, dict[datetime, Hour]] = defaultdict(dict)
    for begin in sorted(hours):
        days[_midnight(begin)][begin] = hours[begin]
    return {midnight: Day(its_hours) for midnight, its_hours in days.items()}


def _count_by_day(rows: UtteranceQuerySet) -> dict[datetime, int]:
    counts = _by(rows, "day").values_list("moment").annotate(Count("pk"))
    return {_moment(moment): count for moment, count in counts}


def _by(rows: UtteranceQuerySet, kind: str) -> Any:
    """Annotate the rows with the `moment` at which their hour or day of UTC begins."""
    moment: Any
    if connections[rows.db].vendor == "sqlite":
        # Its TruncHour is a function in Python, called for each row.
        moment = Substr("received_at", 1, 13 if kind == "hour" else 10)
    else:
        moment = (TruncHour if kind == "hour" else TruncDay)("received_at", tzinfo=UTC)
    return rows.order_by().annotate(moment=moment)


def _moment(value: str | datetime) -> datetime:
    """Return the beginning of an hour or a day, as the database names it."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value.astimezone(UTC)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


hourly = HourlySums()
"""The one that all pages of this process use."""
