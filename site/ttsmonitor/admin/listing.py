"""The admin's list of the history, made quick for a million rows.

Where Django would look at every row, it uses the sums in memory (see history.hourly).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ttsmirror.models import Utterance
from ttsmonitor.history import counts
from ttsmonitor.history.filters import day_span
from ttsmonitor.history.hourly import Key, Sums, sums_by_hour
from ttsmonitor.web.labels import robot_label, source_label

MAX_COUNTED = 1_000
"""Rows that are counted one by one at most."""
MAX_PAGES = 100
"""Last page of the list: further pages would skip too many rows. Use the date filter instead."""
DATES = ("received_at__year", "received_at__month", "received_at__day")
SUMMED_COLUMNS = {"status__exact": "status", "source": "source", "device_id": "device_id"}
"""Parameters of the list and the columns by which sums are kept."""
_NO_FILTERS = {"p", "o", "all", "_facets"}


class Selection:
    """The filters of the list for which sums are known: status, source, robot, date."""

    def __init__(self, request: HttpRequest) -> None:
        """Read the parameters. Raises IncorrectLookupParameters, which resets the list."""
        parameters = {name: str(value) for name, value in request.GET.items() if value}
        self.equal = {
            column: parameters[name]
            for name, column in SUMMED_COLUMNS.items()
            if name in parameters
        }
        self.is_complete = parameters.keys() <= {*SUMMED_COLUMNS, *DATES, *_NO_FILTERS}
        """True if no other filter is active."""
        try:
            self.span = _span(parameters)
        except (ValueError, OverflowError) as exc:
            raise IncorrectLookupParameters(str(exc)) from exc

    def groups(self) -> Iterator[tuple[datetime, Key, Sums]]:
        """Yield the sums of the selected rows."""
        return sums_by_hour.groups(self.equal, *(self.span or ()))


def _span(parameters: Mapping[str, str]) -> tuple[datetime, datetime] | None:
    """Return beginning and end of the selected year, month or day. Raises ValueError."""
    year, month, day = (int(parameters.get(name) or 0) for name in DATES)
    if not year:
        return None
    first = date(year, month or 1, day or 1)
    if day:
        return day_span(first)
    following = date(year, month + 1, 1) if 0 < month < 12 else date(year + 1, 1, 1)
    return day_span(first)[0], day_span(following)[0]


class Dates:
    """A stand-in for the queryset from which Django takes the dates of the date hierarchy."""

    def __init__(self, selection: Selection) -> None:
        """Take the hours in which something was received."""
        self._hours = sorted({hour for hour, _key, _sums in selection.groups()})

    def aggregate(self, **_aggregates: Any) -> dict[str, datetime | None]:
        """Return the first and the last moment."""
        if not self._hours:
            return {"first": None, "last": None}
        return {"first": self._hours[0], "last": self._hours[-1]}

    def datetimes(self, _field: str, kind: str) -> list[datetime]:
        """Return the days, months or years in which something was received, oldest first."""
        local = (timezone.localtime(hour).replace(hour=0, minute=0) for hour in self._hours)
        if kind == "month":
            local = (day.replace(day=1) for day in local)
        elif kind == "year":
            local = (day.replace(month=1, day=1) for day in local)
        return sorted(set(local))


class HistoryList(ChangeList):
    """The list of utterances."""

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        """Build the list, with dates from memory."""
        selection = Selection(request)
        super().__init__(request, *args)
        self.queryset: Any = Dates(selection)


class HistoryPaginator(Paginator):  # type: ignore[type-arg]
    """A paginator that counts from memory if it can, else no further than MAX_COUNTED."""

    is_more = False

    def __init__(self, rows: Any, per_page: int, selection: Selection) -> None:
        """Page `rows`, the selected rows."""
        super().__init__(rows, per_page)
        self._selection = selection

    @cached_property
    def count(self) -> int:
        """Number of rows; MAX_COUNTED if there are more and no stored sums apply."""
        if self._selection.is_complete:
            return sum(sums.count for _hour, _key, sums in self._selection.groups())
        rows: Any = self.object_list
        number = count_up_to_limit(rows)
        self.is_more = number > MAX_COUNTED
        return min(number, MAX_COUNTED)

    @cached_property
    def num_pages(self) -> int:
        """Number of pages, at most MAX_PAGES."""
        return min(super().num_pages, MAX_PAGES)


class KnownValuesFilter(admin.SimpleListFilter):
    """A filter that offers the values in memory and queries no row."""

    label: Callable[[str], str] = staticmethod(str)

    def values(self) -> list[str]:
        """Return the values."""
        return counts.known_values(str(self.parameter_name))

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the values with their labels."""
        return [(value, self.label(value)) for value in self.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows with the chosen value."""
        value = self.value()
        return queryset.filter(**{str(self.parameter_name): value}) if value else queryset


class SourceFilter(KnownValuesFilter):
    """Sources, labelled as on the pages."""

    title = _("source")
    parameter_name = "source"
    label = staticmethod(source_label)


class RobotFilter(KnownValuesFilter):
    """Robots, labelled as on the pages."""

    title = _("robot")
    parameter_name = "device_id"
    label = staticmethod(robot_label)


class LanguageFilter(KnownValuesFilter):
    """Languages of recent utterances."""

    title = _("language")
    parameter_name = "lang"

    def values(self) -> list[str]:
        """Return the languages."""
        return counts.recent_values("lang")


class UnconfirmedFilter(admin.SimpleListFilter):
    """Utterances that a robot was sent and did not confirm."""

    title = _("said by the robot")
    parameter_name = "robot_confirmed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the only choice."""
        return [("0", _("not confirmed by the robot"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the unconfirmed ones if they are chosen."""
        return queryset.filter(robot_confirmed=False) if self.value() == "0" else queryset


def count_up_to_limit(rows: QuerySet[Utterance]) -> int:
    """Count rows, no further than one more than MAX_COUNTED."""
    return len(rows.values_list("pk")[: MAX_COUNTED + 1])
