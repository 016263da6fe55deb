"""Statistics over time, by hour or by day."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from ttsmirror.wire.fields import UTC, format_time
from ttsmonitor.history.hourly import DAY, Key, Sums, latency_by_hour, sums_by_hour, waiting_by_hour
from ttsmonitor.history.latency import Histogram

MAX_COUNT = {"hour": 168, "day": 92}
DEFAULT_COUNT = {"hour": 48, "day": 30}
CACHE_SECONDS = 5


@dataclass
class Bucket:
    """Sums of the utterances received from `start` on."""

    start: datetime
    by_source: Counter[str] = field(default_factory=Counter)
    by_status: Counter[str] = field(default_factory=Counter)
    total: Sums = field(default_factory=Sums)
    waiting: Histogram = field(default_factory=Histogram)
    latency: Histogram = field(default_factory=Histogram)

    def add(self, key: Key, sums: Sums) -> None:
        """Add sums of an hour."""
        self.by_source[key.source] += sums.count
        self.by_status[key.status] += sums.count
        self.total.add(sums)

    def describe(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "start": format_time(self.start),
            "count": self.total.count,
            "by_source": dict(self.by_source),
            "by_status": dict(self.by_status),
            "characters": self.total.characters,
            "audio_seconds": round(self.total.audio_seconds, 3),
            "waiting_ms": self.waiting.describe(),
            "first_audio_ms": self.latency.describe(),
        }


def collect(by: str, count: int, zone: tzinfo) -> dict[str, Any]:
    """Return the newest `count` hours or days of a zone, oldest first, at most 5 seconds old."""
    key = f"history.series.{by}.{count}.{zone}"
    answer: Any = cache.get_or_set(key, lambda: _collect(by, count, zone), CACHE_SECONDS)
    return dict(answer)


def _collect(by: str, count: int, zone: tzinfo) -> dict[str, Any]:
    now = timezone.now()
    starts = _hours(count, now) if by == "hour" else _days(count, now.astimezone(zone))
    buckets = [Bucket(start) for start in starts]
    for moment, key, sums in sums_by_hour.groups(since=starts[0]):
        buckets[bisect_right(starts, moment) - 1].add(key, sums)
    for moment, waiting in waiting_by_hour.hours(since=starts[0]):
        buckets[bisect_right(starts, moment) - 1].waiting.update(waiting)
    for moment, latency in latency_by_hour.hours(since=starts[0]):
        buckets[bisect_right(starts, moment) - 1].latency.update(latency)
    return {
        "by": by,
        "zone": str(zone),
        "until": format_time(now),
        "buckets": [each.describe() for each in buckets],
    }


def _hours(count: int, now: datetime) -> list[datetime]:
    current = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return [current - timedelta(hours=back) for back in reversed(range(count))]


def _days(count: int, now: datetime) -> list[datetime]:
    """Return midnights of the zone, which are not always 24 hours apart."""
    days = [now.date() - back * DAY for back in reversed(range(count))]
    return [datetime(day.year, day.month, day.day, tzinfo=now.tzinfo) for day in days]
