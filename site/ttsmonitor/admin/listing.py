"""What keeps the admin's list of the history quick at a million rows: it looks at the totals where
Django would look at every row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import Max, Min, QuerySet, Sum
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ttsmirror.models import Utterance
from ttsmonitor.history import counts
from ttsmonitor.history.filters import span
from ttsmonitor.models import HourTotal
from ttsmonitor.web.labels import robot_label, source_label

MOST_COUNTED = 1_000
"""More than that is not counted one by one: who looks for something narrows."""
MOST_PAGES = 100
"""Further back one comes by a date: for a page all rows before it are passed over."""
DATES = ("received_at__year", "received_at__month", "received_at__day")
KNOWN = {"status__exact": "status", "source": "source", "device_id": "device_id"}
"""Parameters of the list by which the totals are kept."""
_HARMLESS = {"p", "o", "all", "_facets"}


def given_by(request: HttpRequest) -> dict[str, str]:
    """The parameters of the list. Raises IncorrectLookupParameters, which starts it anew."""
    given = {name: str(value) for name, value in request.GET.items() if value}
    try:
        span_of(given)
    except (ValueError, OverflowError) as exc:
        raise IncorrectLookupParameters(str(exc)) from exc
    return given


def span_of(given: Mapping[str, str]) -> tuple[datetime, datetime] | None:
    """From when to when, where a year, a month or a day is chosen. Raises ValueError."""
    year, month, day = (int(given.get(name) or 0) for name in DATES)
    if not year:
        return None
    first = date(year, month or 1, day or 1)
    if day:
        return span(first)
    months = year * 12 + (month or 12)  # those that are over at the end
    return span(first)[0], span(date(months // 12, months % 12 + 1, 1))[0]


def equal_of(given: Mapping[str, str]) -> dict[str, str]:
    """Values that are chosen of columns by which the totals are kept."""
    return {column: given[name] for name, column in KNOWN.items() if given.get(name)}


def hours_of(given: Mapping[str, str]) -> QuerySet[HourTotal]:
    """The totals of what is chosen."""
    hours = HourTotal.objects.filter(count__gt=0, **equal_of(given))
    if (chosen := span_of(given)) is not None:
        hours = hours.filter(hour__gte=chosen[0], hour__lt=chosen[1])
    return hours


class Calendar:
    """Stands where the list's queryset is asked for its dates."""

    def __init__(self, hours: QuerySet[HourTotal]) -> None:
        self._hours = hours

    def aggregate(self, **_wanted: Any) -> dict[str, datetime | None]:
        return self._hours.aggregate(first=Min("hour"), last=Max("hour"))

    def datetimes(self, _field: str, kind: str) -> Iterable[datetime]:
        """The days, months or years in which there is something, oldest first."""
        hours = self._hours.order_by().values_list("hour", flat=True).distinct()
        days = {timezone.localtime(hour).replace(hour=0, minute=0) for hour in hours}
        if kind != "day":
            days = {day.replace(day=1) for day in days}
        if kind == "year":
            days = {day.replace(month=1) for day in days}
        return sorted(days)


class HistoryList(ChangeList):
    """The list of utterances."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self._given = given_by(request)
        super().__init__(request, *args)
        self.queryset: Any = Calendar(hours_of(self._given))

    @property
    def is_more(self) -> bool:
        """Are there more than are counted?"""
        return bool(getattr(self.paginator, "is_more", False))

    def get_filters(self, request: HttpRequest) -> Any:
        """A span instead of year, month and day, for which each row would be looked at."""
        specs, has_filters, lookups, may_repeat, is_active = super().get_filters(request)
        rest: dict[str, Any] = {name: value for name, value in lookups.items() if name not in DATES}
        chosen = span_of(self._given)
        if chosen is not None and not self.query:  # a search takes it itself
            rest |= {"received_at__gte": [chosen[0]], "received_at__lt": [chosen[1]]}
        return specs, has_filters, rest, may_repeat, is_active


class HistoryPaginator(Paginator):  # type: ignore[type-arg]
    """Counts by the totals where they tell, else no further than MOST_COUNTED."""

    is_more = False

    def __init__(self, rows: Any, per_page: int, given: Mapping[str, str]) -> None:
        super().__init__(rows, per_page)
        self._given = given

    @cached_property
    def count(self) -> int:
        if set(self._given) <= {*KNOWN, *DATES, *_HARMLESS}:
            return self._known()
        rows: Any = self.object_list
        number = number_of(rows)
        self.is_more = number > MOST_COUNTED
        return min(number, MOST_COUNTED)

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, MOST_PAGES)

    def _known(self) -> int:
        finished = hours_of(self._given).aggregate(count=Sum("count"))["count"] or 0
        chosen = span_of(self._given)
        return finished + sum(
            chosen is None or chosen[0] <= moment < chosen[1]
            for moment in counts.unfinished(equal_of(self._given))
        )


class KnownValues(admin.SimpleListFilter):
    """A filter that offers what the totals know, and asks no row."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, self.label(value)) for value in self.values()]

    def values(self) -> list[str]:
        return counts.seen()[str(self.parameter_name)]

    def label(self, value: str) -> str:
        return value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): value}) if value else queryset


class SourceFilter(KnownValues):
    """Sources by the names that the pages give them."""

    title = _("source")
    parameter_name = "source"

    def label(self, value: str) -> str:
        return source_label(value)


class RobotFilter(KnownValues):
    title = _("robot")
    parameter_name = "device_id"

    def label(self, value: str) -> str:
        return robot_label(value)


class LanguageFilter(KnownValues):
    """Languages of what came lately."""

    title = _("language")
    parameter_name = "lang"

    def values(self) -> list[str]:
        return counts.heard_of("lang")


class UnconfirmedFilter(admin.SimpleListFilter):
    """What a robot was sent and did not confirm."""

    title = _("said by the robot")
    parameter_name = "robot_confirmed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("0", _("not confirmed by the robot"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(robot_confirmed=False) if self.value() == "0" else queryset


def number_of(rows: QuerySet[Utterance]) -> int:
    """How many are chosen, counted no further than one more than MOST_COUNTED."""
    return len(rows.values_list("pk")[: MOST_COUNTED + 1])
