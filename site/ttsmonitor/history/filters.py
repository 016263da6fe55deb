"""Filters over the history, as the parameters of a request give them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmirror.text import clean
from ttsmirror.wire.fields import UTC
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history import search

FILTER_COLUMNS = ("source", "device_id", "status")


@dataclass(frozen=True)
class Filters:
    """Conditions on utterances. An empty value matches everything."""

    q: str = ""
    source: str = ""
    device_id: str = ""
    status: str = ""
    day: date | None = None
    """A day of the visitor's time zone."""

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> Filters:
        """Parse the parameters of a request. Raises BadRequestError."""
        values = {name: clean(parameters.get(name, "").strip()) for name in cls.__annotations__}
        if (status := values["status"]) and status not in Utterance.Status.values:
            choices = ", ".join(Utterance.Status.values)
            raise BadRequestError(_("status must be one of: {choices}.").format(choices=choices))
        day = _parse_day(values.pop("day"))
        return cls(**values, day=day)

    def equal(self) -> dict[str, str]:
        """Return the wanted values by column."""
        return {name: value for name in FILTER_COLUMNS if (value := getattr(self, name))}

    def query(self) -> dict[str, str]:
        """Return the parameters that read() turns into these filters."""
        return {name: str(value) for name, value in vars(self).items() if value}

    def rows(self) -> UtteranceQuerySet:
        """Return the utterances that pass, newest first."""
        since, until = day_span(self.day) if self.day else (None, None)
        return search.find(Utterance.objects.all(), self.q, self.equal(), since, until)


def with_chosen(choices: Iterable[str], value: str) -> list[str]:
    """Return the choices without repetition, including the chosen `value`."""
    return list(dict.fromkeys(filter(None, [*choices, value])))


def day_span(day: date) -> tuple[datetime, datetime]:
    """Return beginning and end of a day of the current time zone, in UTC.

    Raises OverflowError if UTC has no such time.
    """
    zone = timezone.get_current_timezone()
    begin = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return begin.astimezone(UTC), end.astimezone(UTC)


def _parse_day(value: str) -> date | None:
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
        day_span(day)
    except (ValueError, OverflowError) as exc:
        raise BadRequestError(_("day is not a date: use one such as 2026-01-31.")) from exc
    return day
