"""Numbers over time: what was said, how soon, and what became of it, by hour or by day.

The database keeps sums of hours; times to first sound are counted from the utterances. A day that
is over hardly changes, so its hours stay in memory for a while, and one such day at most is read
again at a time: with a million utterances an answer takes no longer than today does.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from django.db.models import Count, IntegerField, Sum
from django.db.models.functions import Cast, Length, Substr, TruncHour

from ttsmirror.models import Utterance
from ttsmirror.wire.fields import format_time
from ttsmonitor.history.search import vendor
from ttsmonitor.models import HourTotal, Total

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST = {"hour": 168, "day": 92}
USUAL = {"hour": 48, "day": 30}
ANSWER_SECONDS = 5.0
"""For so long an answer is given again: to all pages that are open, the same."""
DAY_SECONDS = 900.0
"""For so long a day that is over is believed to be as it was."""
OPEN = timedelta(hours=3)
"""What was received so long ago may still change all the time."""
STEPS = 50
"""Times to first sound are told apart where they differ by a fiftieth."""


@dataclass
class Hour:
    """What was received in one; or in several, summed up."""

    groups: dict[tuple[str, str], tuple[int, int, float]] = field(default_factory=dict)
    """(source, status) to how many, their characters and their seconds of sound."""
    heard: Counter[int] = field(default_factory=Counter)
    """How many had which time to first sound, as a step of a logarithmic scale."""

    def add(self, other: Hour) -> None:
        for key, more in other.groups.items():
            had = self.groups.get(key, (0, 0, 0.0))
            self.groups[key] = (had[0] + more[0], had[1] + more[1], had[2] + more[2])
        self.heard += other.heard

    def describe(self, start: datetime) -> dict[str, Any]:
        """As JSON."""
        sources: Counter[str] = Counter()
        outcomes: Counter[str] = Counter()
        for (source, outcome), (count, _characters, _seconds) in self.groups.items():
            sources[source] += count
            outcomes[outcome] += count
        return {
            "start": format_time(start),
            "count": outcomes.total(),
            "by_source": dict(sources),
            "by_status": dict(outcomes),
            "characters": sum(group[1] for group in self.groups.values()),
            "audio_seconds": round(sum(group[2] for group in self.groups.values()), 3),
            "first_audio_ms": {
                "count": self.heard.total(),
                "p50": self._percentile(50),
                "p95": self._percentile(95),
            },
        }

    def _percentile(self, percent: float) -> float | None:
        """The nearest rank; None where nothing was heard."""
        rank = math.ceil(self.heard.total() * percent / 100)
        for step in sorted(self.heard):
            rank -= self.heard[step]
            if rank <= 0:
                return round(math.exp(step / STEPS), 1)
        return None


Hours = dict[datetime, Hour]
"""By when each begins, in UTC."""


@dataclass
class _Day:
    hours: Hours
    is_over: bool
    """It was, when it was read."""
    read: float
    """time.monotonic() then."""


class Series:
    """collect() from any thread. One of them serves all pages of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._days: dict[date, _Day] = {}
        self._total = 0
        self._answers: dict[tuple[str, int, str], tuple[float, dict[str, Any]]] = {}

    def collect(self, by: str, count: int, zone: tzinfo, now: datetime) -> dict[str, Any]:
        """The newest `count` hours or days of a zone, oldest first, as JSON."""
        key = (by, count, str(zone))
        with self._lock:
            made, answer = self._answers.get(key, (-math.inf, {}))
            if time.monotonic() - made >= ANSWER_SECONDS:
                answer = self._collect(by, count, zone, now)
                self._answers = {
                    each: kept
                    for each, kept in self._answers.items()
                    if time.monotonic() - kept[0] < ANSWER_SECONDS
                } | {key: (time.monotonic(), answer)}
            return answer

    def _collect(self, by: str, count: int, zone: tzinfo, now: datetime) -> dict[str, Any]:
        starts = _hours(count, now) if by == "hour" else _days(count, zone, now)
        sums = {start: Hour() for start in starts}
        ends = [*starts[1:], datetime.max.replace(tzinfo=UTC)]
        bounds = iter(zip(starts, ends, strict=True))
        start, end = next(bounds)
        for moment, hour in self._known(starts[0], now):
            while moment >= end:
                start, end = next(bounds)
            if moment >= start:
                sums[start].add(hour)
        buckets = [each.describe(begin) for begin, each in sums.items()]
        return {"by": by, "zone": str(zone), "until": format_time(now), "buckets": buckets}

    def _known(self, since: datetime, now: datetime) -> list[tuple[datetime, Hour]]:
        """The hours since then that have something, in order."""
        before, self._total = self._total, _total()
        if self._total < before:  # something was deleted
            self._days.clear()
        first, last = since.astimezone(UTC).date(), now.astimezone(UTC).date()
        days = [first + each * DAY for each in range((last - first).days + 1)]
        missing = [day for day in days if not self._is_kept(day)]
        kept = sorted(set(days) - set(missing), key=lambda day: self._days[day].read)
        old = [day for day in kept[:1] if time.monotonic() - self._days[day].read > DAY_SECONDS]
        for span in (missing, old):
            if span:
                self._read(span, now)
        found: Hours = {}
        for day in days:
            found |= self._days[day].hours
        return sorted(found.items())

    def _is_kept(self, day: date) -> bool:
        return day in self._days and self._days[day].is_over

    def _read(self, days: list[date], now: datetime) -> None:
        """From the database, in two queries. What lies between them is read along."""
        until = days[-1] + DAY
        hours = read_hours(_midnight(days[0]), _midnight(until))
        for day in (days[0] + each * DAY for each in range((until - days[0]).days)):
            its = {start: hour for start, hour in hours.items() if start.date() == day}
            is_over = _midnight(day + DAY) <= now - OPEN
            self._days[day] = _Day(its, is_over, time.monotonic())
        oldest = now.date() - (MOST["day"] + 2) * DAY
        self._days = {day: kept for day, kept in self._days.items() if day >= oldest}


def read_hours(since: datetime, until: datetime) -> Hours:
    """The hours between two moments that have something."""
    hours: Hours = defaultdict(Hour)
    _read_finished(hours, since, until)
    _read_unfinished(hours, since, until)
    _read_heard(hours, since, until)
    return hours


def _read_finished(hours: Hours, since: datetime, until: datetime) -> None:
    totals = HourTotal.objects.order_by().filter(hour__gte=since, hour__lt=until, count__gt=0)
    for hour, source, outcome, count, characters, seconds in totals.values_list(
        "hour", "source", "status"
    ).annotate(Sum("count"), Sum("characters"), Sum("audio_seconds")):
        hours[hour].groups[source, outcome] = (count, characters, seconds)


def _read_unfinished(hours: Hours, since: datetime, until: datetime) -> None:
    """They are few, so their times are looked at here."""
    rows = Utterance.objects.unfinished().order_by()
    for moment, source, outcome, characters in rows.values_list(
        "received_at", "source", "status", Length("text")
    ):
        if since <= moment < until:
            hour = moment.replace(minute=0, second=0, microsecond=0)
            hours[hour].add(Hour({(source, outcome): (1, characters, 0.0)}))


def _read_heard(hours: Hours, since: datetime, until: datetime) -> None:
    rows: Any = Utterance.objects.order_by().filter(
        received_at__gte=since, received_at__lt=until, first_audio_ms__isnull=False
    )
    if vendor() == "sqlite":
        # Its TruncHour is a function in Python, called for each row.
        rows = rows.annotate(hour=Substr("received_at", 1, 13))
    else:
        rows = rows.annotate(hour=TruncHour("received_at", tzinfo=UTC))
    rows = rows.annotate(ms=Cast("first_audio_ms", IntegerField()))
    for hour, ms, count in rows.values_list("hour", "ms").annotate(count=Count("pk")):
        hours[_moment(hour)].heard[round(STEPS * math.log(max(1, ms)))] += count


def _moment(hour: Any) -> datetime:
    """When an hour begins, as the database names it."""
    if isinstance(hour, str):
        return datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC)
    found: datetime = hour.astimezone(UTC)
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _hours(count: int, now: datetime) -> list[datetime]:
    this = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [this - each * HOUR for each in range(count - 1, -1, -1)]


def _days(count: int, zone: tzinfo, now: datetime) -> list[datetime]:
    """Midnights there, which are not always 24 hours apart."""
    today = now.astimezone(zone).date()
    days: Iterable[date] = (today - each * DAY for each in range(count - 1, -1, -1))
    return [datetime(day.year, day.month, day.day, tzinfo=zone) for day in days]


def _total() -> int:
    return Total.objects.aggregate(count=Sum("count"))["count"] or 0


series = Series()
