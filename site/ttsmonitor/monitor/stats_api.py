"""The JSON API of the charts: numbers over time, and the broker's own counts."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import Query

from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history.series import DEFAULT_COUNT, MAX_COUNT, collect
from ttsmonitor.monitor import schemas, snapshot
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.time_zone import find_zone

router = JsonRouter()


@router.read(
    "/stats/series",
    schemas.Series,
    gettext_noop("Numbers by hour or by day"),
    errors=["bad_request"],
)
def series(request: HttpRequest, query: Query[schemas.SeriesQuery]) -> dict[str, Any]:
    """Return the numbers of the newest hours or days, oldest first."""
    by = query.by or "hour"
    if by not in MAX_COUNT:
        raise BadRequestError(
            _("by must be one of: {choices}.").format(choices=", ".join(MAX_COUNT))
        )
    return collect(by, _count(query.count, by), _zone(query.zone))


@router.read("/stats/broker", schemas.BrokerCounts, gettext_noop("Broker statistics"))
def broker(request: HttpRequest) -> dict[str, Any]:
    """Return the broker's own counts."""
    return snapshot.broker_counts()


def _count(value: str | None, by: str) -> int:
    value = value or str(DEFAULT_COUNT[by])
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= MAX_COUNT[by]):
        detail = _("count is not a whole number from 1 to {most}.")
        raise BadRequestError(detail.format(most=MAX_COUNT[by]))
    return int(value)


def _zone(name: str | None) -> tzinfo:
    """Return a time zone by its name, or that of the pages without one."""
    if not name:
        return timezone.get_current_timezone()
    if (zone := find_zone(name)) is None:
        raise BadRequestError(_("zone is not a time zone: use one such as Europe/Madrid."))
    return zone
