"""Numbers of utterances, and the values that their columns have."""

from __future__ import annotations

from collections import Counter
from datetime import date

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.history.filters import Filters, day_span
from ttsmonitor.history.hourly import sums_by_hour

NEWEST = 1_000
MAX_COUNTED = 1_000
"""Hits of a search that are counted at most, one by one."""


def count_hits(filters: Filters) -> tuple[int, bool]:
    """Return the number of utterances that pass, and whether there are more.

    A search for words counts MAX_COUNTED at most.
    """
    if not filters.q:
        return count(filters), False
    found = len(filters.rows().values_list("pk")[: MAX_COUNTED + 1])
    return min(found, MAX_COUNTED), found > MAX_COUNTED


def count(filters: Filters) -> int:
    """Return the number of utterances that pass, whatever their words."""
    span = day_span(filters.day) if filters.day else (None, None)
    return sum(sums.count for _hour, _key, sums in sums_by_hour.groups(filters.equal(), *span))


def count_by_day(filters: Filters, first: date, last: date) -> Counter[date]:
    """Return the number on each day from `first` to `last`, whatever the words and the day.

    An hour of UTC counts for the day in which it begins, also if a time zone is half an hour
    off.
    """
    days = Counter[date]()
    since, until = day_span(first)[0], day_span(last)[1]
    for hour, _key, sums in sums_by_hour.groups(filters.equal(), since, until):
        days[timezone.localtime(hour).date()] += sums.count
    return days


def known_values(column: str) -> list[str]:
    """Return the values of `device_id` or `source` in the whole history."""
    return sorted({getattr(key, column) for key in sums_by_hour.keys()} - {""})


def recent_values(column: str) -> list[str]:
    """Return the values of a column among the newest utterances."""
    newest = Utterance.objects.recent().values_list(column, flat=True)[:NEWEST]
    return sorted(set(newest) - {""})
