"""What of the history is asked for: by a page, a download or a program."""

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

EQUAL = ("source", "device_id", "status")


@dataclass(frozen=True)
class Filters:
    """Empty means any."""

    q: str = ""
    source: str = ""
    device_id: str = ""
    status: str = ""
    day: date | None = None
    """As the visitor's clock has it."""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filters:
        """From the parameters of a request. Raises BadRequestError."""
        values = {name: clean(given.get(name, "").strip()) for name in cls.__dataclass_fields__}
        if (status := values["status"]) and status not in Utterance.Status.values:
            choices = ", ".join(Utterance.Status.values)
            raise BadRequestError(_("status is none of: {choices}.").format(choices=choices))
        return cls(**values | {"day": _day(values["day"])})  # type: ignore[arg-type]

    def equal(self) -> dict[str, str]:
        """Columns, and the values that are wanted in them."""
        return {name: value for name in EQUAL if (value := getattr(self, name))}

    def query(self) -> dict[str, str]:
        """The parameters that ask for the same."""
        return {name: str(value) for name, value in vars(self).items() if value}

    def rows(self) -> UtteranceQuerySet:
        """What they let through, newest first."""
        equal = self.equal()
        begins, ends = span(self.day) if self.day else (None, None)
        if self.q:
            return search.with_words(Utterance.objects.all(), self.q, equal, begins, ends)
        if search.vendor() == "sqlite" and len(equal) > 1:
            return search.in_sqlite(Utterance.objects.all(), "", equal, begins, ends)
        rows = Utterance.objects.order_by("-received_at", "-pk").filter(**equal)
        if begins and ends:
            rows = rows.filter(received_at__gte=begins, received_at__lt=ends)
        return rows


def with_chosen(choices: Iterable[str], value: str) -> list[str]:
    """The choices, each once, with the one that is chosen among them."""
    return list(dict.fromkeys(filter(None, [*choices, value])))


def span(day: date) -> tuple[datetime, datetime]:
    """When a day begins and ends. Raises OverflowError where UTC has no such time."""
    begins, ends = (
        datetime.combine(each, time.min, timezone.get_current_timezone()).astimezone(UTC)
        for each in (day, day + timedelta(days=1))
    )
    return begins, ends


def _day(value: str) -> date | None:
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
        span(day)
    except (ValueError, OverflowError) as exc:
        raise BadRequestError(_("day is none: give one such as 2026-01-31.")) from exc
    return day
