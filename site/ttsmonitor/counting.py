"""How many utterances there are, without looking at them."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from ttsmonitor.filters import EQUAL, Filters, span
from ttsmonitor.models import HourTotal, Total, Utterance

NEWEST = 1_000


def count(filters: Filters) -> int | None:
    """How many the filters let through; None where only a look at each could tell."""
    if filters.q:
        return None
    if filters.day is not None:
        return by_day(filters, filters.day, filters.day)[filters.day]
    finished = Total.objects.filter(**_equal(filters)).aggregate(count=Sum("count"))["count"]
    return (finished or 0) + len(_unfinished(filters))


def by_day(filters: Filters, first: date, last: date) -> Counter[date]:
    """How many on each day from `first` to `last` came from there and ended so.

    Of a time zone that is half an hour off, the half hour about midnight counts with the day
    in which its hour of UTC begins.
    """
    (begins, _), (_, ends) = span(first), span(last)
    days = Counter[date]()
    hours = HourTotal.objects.filter(hour__gte=begins, hour__lt=ends, **_equal(filters))
    for hour, number in hours.values_list("hour").annotate(number=Sum("count")):
        days[timezone.localtime(hour).date()] += number
    for moment in _unfinished(filters):
        if begins <= moment < ends:
            days[timezone.localtime(moment).date()] += 1
    return days


def seen() -> dict[str, list[str]]:
    """The robots and the sources that the history has."""
    keys = set(Total.objects.filter(count__gt=0).values_list("device_id", "source"))
    return {
        "device_id": sorted({robot for robot, _source in keys if robot}),
        "source": sorted({source for _robot, source in keys}),
    }


def _equal(filters: Filters) -> dict[str, Any]:
    return {name: value for name in EQUAL if (value := getattr(filters, name))}


def heard_of(column: str) -> list[str]:
    """Its values that came lately."""
    newest = Utterance.objects.recent().values_list(column, flat=True)[:NEWEST]
    return sorted(value for value in set(newest) if value)


def unfinished(source: str = "", device_id: str = "", status: str = "") -> list[datetime]:
    """When those were received that are not finished: few, so they are looked through here.

    A database that knows no better would look for their robot or their time first.
    """
    rows = Utterance.objects.filter(status__in=Utterance.UNFINISHED).order_by()
    return [
        moment
        for moment, *values in rows.values_list("received_at", *EQUAL)
        if all(
            want in ("", value)
            for want, value in zip((source, device_id, status), values, strict=True)
        )
    ]


def _unfinished(filters: Filters) -> list[datetime]:
    return unfinished(filters.source, filters.device_id, filters.status)
