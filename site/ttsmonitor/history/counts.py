"""How many utterances there are, without looking at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Sum
from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.history.filters import EQUAL, Filters, span
from ttsmonitor.models import HourTotal, Total

NEWEST = 1_000


def count(filters: Filters) -> int | None:
    """How many the filters let through; None where only a look at each could tell."""
    if filters.q:
        return None
    if filters.day is not None:
        return by_day(filters, filters.day, filters.day)[filters.day]
    equal = filters.equal()
    finished = Total.objects.filter(**equal).aggregate(count=Sum("count"))["count"]
    return (finished or 0) + len(unfinished(equal))


def by_day(filters: Filters, first: date, last: date) -> Counter[date]:
    """How many on each day from `first` to `last` came from there and ended so.

    Of a time zone that is half an hour off, the half hour about midnight counts with the day
    in which its hour of UTC begins.
    """
    (begins, _), (_, ends) = span(first), span(last)
    days, equal = Counter[date](), filters.equal()
    hours = HourTotal.objects.filter(hour__gte=begins, hour__lt=ends, **equal)
    for hour, number in hours.values_list("hour").annotate(number=Sum("count")):
        days[timezone.localtime(hour).date()] += number
    for moment in unfinished(equal):
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


def heard_of(column: str) -> list[str]:
    """Its values that came lately."""
    newest = Utterance.objects.recent().values_list(column, flat=True)[:NEWEST]
    return sorted(value for value in set(newest) if value)


def unfinished(equal: Mapping[str, str]) -> list[datetime]:
    """When those were received that are not finished and have these values, as Filters.equal().

    They are few, so they are looked through here: a database that knows no better would look for
    their robot or their time first.
    """
    rows = Utterance.objects.unfinished().order_by().values("received_at", *EQUAL)
    return [
        row["received_at"]
        for row in rows
        if all(row[name] == value for name, value in equal.items())
    ]
