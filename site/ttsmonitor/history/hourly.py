"""Statistics of the history by hour of UTC, kept in memory.

The days of any time zone can be put together from hours. A day that is over changes only by
deletion, so it is read once; after that its number of rows is compared. The current day is read
again on each request, but at most once a second.
"""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import DatabaseError, InterfaceError, connections
from django.db.models import Count, IntegerField, Sum
from django.db.models.functions import Cast, Length, Substr, TruncDay, TruncHour
from django.utils import timezone

from ttsmirror.database import with_connections
from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmirror.wire.fields import UTC
from ttsmonitor.history.latency import Histogram

logger = logging.getLogger(__name__)

DAY = timedelta(days=1)
SETTLING = timedelta(hours=1)
"""Time after midnight until a day counts as over: rows may be written late."""
REFRESH_SECONDS = 1.0
"""Minimum interval between two queries, in seconds."""
LATENCY_DAYS = 94
"""The charts show fewer days than this."""

Value = TypeVar("Value")


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


@dataclass
class Day(Generic[Value]):
    """The values of one day, by the beginning of the hour."""

    hours: dict[datetime, Value]
    count: int
    """Number of rows behind the values."""
    is_final: bool
    """True if none of these rows can change but by deletion."""


class HourCache(ABC, Generic[Value]):
    """A value for each hour, computed from its rows. It may be used from any thread."""

    def __init__(self) -> None:
        """Start empty."""
        self._lock = threading.Lock()
        self._days: dict[datetime, Day[Value]] = {}
        self._read_at: float | None = None

    @abstractmethod
    def rows(self) -> UtteranceQuerySet:
        """Return all rows that count."""

    @abstractmethod
    def read(self, rows: UtteranceQuerySet) -> dict[datetime, Value]:
        """Compute the values of these rows."""

    @abstractmethod
    def count(self, value: Value) -> int:
        """Return the number of rows behind a value."""

    def is_final(self, value: Value) -> bool:
        """Return True if the rows behind a value can only be deleted."""
        return True

    def hours(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[tuple[datetime, Value]]:
        """Yield the hours that begin from `since` on and before `until`, oldest first."""
        for midnight, day in self._current():
            if (since and midnight + DAY <= since) or (until and midnight >= until):
                continue
            for moment, value in day.hours.items():
                if not ((since and moment < since) or (until and moment >= until)):
                    yield moment, value

    def expire(self) -> None:
        """Ask the database at the next use, because this process deleted something."""
        with self._lock:
            self._read_at = None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._days, self._read_at = {}, None

    def _current(self) -> list[tuple[datetime, Day[Value]]]:
        with self._lock:
            if self._read_at is None or time.monotonic() - self._read_at >= REFRESH_SECONDS:
                self._days = self._refreshed(_midnight(timezone.now() - SETTLING))
                self._read_at = time.monotonic()
            return list(self._days.items())

    def _refreshed(self, current: datetime) -> dict[datetime, Day[Value]]:
        """Return all days. Those before `current` are read only if they changed."""
        if not self._days:
            return self._read(self.rows())
        past = self.rows().filter(received_at__lt=current)
        days = {each: day for each, day in self._days.items() if each < current and day.is_final}
        if past.count() != sum(day.count for day in days.values()):
            counts = _count_by_day(past)
            days = {each: day for each, day in days.items() if counts.get(each) == day.count}
            if missing := counts.keys() - days.keys():
                first, last = min(missing), max(missing)
                days |= self._read(past.filter(received_at__gte=first, received_at__lt=last + DAY))
        days |= self._read(self.rows().filter(received_at__gte=current))
        return dict(sorted(days.items()))

    def _read(self, rows: UtteranceQuerySet) -> dict[datetime, Day[Value]]:
        days: defaultdict[datetime, dict[datetime, Value]] = defaultdict(dict)
        for moment, value in sorted(self.read(rows).items(), key=lambda item: item[0]):
            days[_midnight(moment)][moment] = value
        return {
            midnight: Day(
                hours,
                sum(map(self.count, hours.values())),
                all(map(self.is_final, hours.values())),
            )
            for midnight, hours in days.items()
        }


class SumsByHour(HourCache[dict[Key, Sums]]):
    """Sums by robot, source and status."""

    def rows(self) -> UtteranceQuerySet:
        """Return all utterances."""
        return Utterance.objects.all()

    def read(self, rows: UtteranceQuerySet) -> dict[datetime, dict[Key, Sums]]:
        """Sum up the rows."""
        hours: defaultdict[datetime, dict[Key, Sums]] = defaultdict(dict)
        groups = _by(rows, "hour").values_list("moment", *Key._fields)
        summed = groups.annotate(
            rows=Count("pk"), characters=Sum(Length("text")), seconds=Sum("audio_seconds")
        )
        keys: dict[Key, Key] = {}  # one object for each, however many hours have it
        for moment, device_id, source, status, count, characters, seconds in summed.iterator():
            key = Key(device_id, source, status)
            sums = Sums(count, characters, seconds or 0.0)
            hours[_moment(moment)][keys.setdefault(key, key)] = sums
        return hours

    def count(self, value: dict[Key, Sums]) -> int:
        """Return the number of utterances."""
        return sum(sums.count for sums in value.values())

    def is_final(self, value: dict[Key, Sums]) -> bool:
        """Return True if all utterances are finished."""
        return all(key.status not in Utterance.UNFINISHED for key in value)

    def groups(
        self,
        equal: Mapping[str, str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[tuple[datetime, Key, Sums]]:
        """Yield the sums whose key has these values, hour by hour."""
        hours = list(self.hours(since, until))
        keys = set[Key]().union(*(groups for _moment, groups in hours))
        for column, value in (equal or {}).items():
            keys = {key for key in keys if getattr(key, column) == value}
        for moment, groups in hours:
            for key, sums in groups.items():
                if key in keys:
                    yield moment, key, sums

    def keys(self) -> set[Key]:
        """Return all keys."""
        return set().union(*(groups for _hour, groups in self.hours()))


class LatencyByHour(HourCache[Histogram]):
    """One of the times of utterances, of the days that charts show."""

    def __init__(self, column: str) -> None:
        """Count the milliseconds in `column`."""
        super().__init__()
        self._column = column

    def rows(self) -> UtteranceQuerySet:
        """Return the heard utterances of these days."""
        oldest = _midnight(timezone.now()) - LATENCY_DAYS * DAY
        return Utterance.objects.filter(
            **{f"{self._column}__isnull": False}, received_at__gte=oldest
        )

    def read(self, rows: UtteranceQuerySet) -> dict[datetime, Histogram]:
        """Count the rows by their milliseconds."""
        hours: defaultdict[datetime, Histogram] = defaultdict(Histogram)
        groups = _by(rows, "hour").annotate(ms=Cast(self._column, IntegerField()))
        counted = groups.values_list("moment", "ms").annotate(rows=Count("pk"))
        for moment, milliseconds, count in counted.iterator():
            hours[_moment(moment)].record(milliseconds, count)
        return hours

    def count(self, value: Histogram) -> int:
        """Return the number of utterances."""
        return value.total()


def _count_by_day(rows: UtteranceQuerySet) -> dict[datetime, int]:
    counts = _by(rows, "day").values_list("moment").annotate(rows=Count("pk"))
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


sums_by_hour = SumsByHour()
latency_by_hour = LatencyByHour("first_audio_ms")
waiting_by_hour = LatencyByHour("waiting_ms")
"""The caches of this process."""


def warm_up() -> threading.Thread:
    """Compute both caches on a thread, ahead of the first page.

    That takes most of a second for 100,000 rows.
    """
    thread = threading.Thread(
        target=with_connections(_compute),
        name="ttsmonitor.hourly",
        daemon=True,  # nobody waits for it
    )
    thread.start()
    return thread


def _compute() -> None:
    try:
        for cache in (sums_by_hour, latency_by_hour):
            list(cache.hours())
    except (DatabaseError, InterfaceError) as exc:
        logger.debug("the statistics were not computed ahead: %s", exc)


def expire() -> None:
    """Have all caches ask the database at their next use."""
    for each in (sums_by_hour, latency_by_hour, waiting_by_hour):
        each.expire()
