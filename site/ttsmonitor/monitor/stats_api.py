"""The numbers that the monitor draws: over time, and the broker's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history.series import MOST, USUAL, series
from ttsmonitor.monitor import snapshot
from ttsmonitor.web.jsonapi import endpoint
from ttsmonitor.web.time_zone import named


@endpoint("GET", "HEAD")
def over_time(request: HttpRequest) -> JsonResponse:
    """What was said in the newest hours or days, oldest first."""
    by = request.GET.get("by") or "hour"
    if by not in MOST:
        raise BadRequestError(_("by is none of: {choices}.").format(choices=", ".join(MOST)))
    count, zone = _count(request.GET, by), _zone(request.GET.get("zone", ""))
    return JsonResponse(series.collect(by, count, zone, timezone.now()))


@endpoint("GET", "HEAD")
def broker(request: HttpRequest) -> JsonResponse:
    """What the broker counts itself."""
    return JsonResponse(snapshot.broker_counts())


def _count(given: Mapping[str, str], by: str) -> int:
    value = given.get("count") or str(USUAL[by])
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= MOST[by]):
        words = _("count is not a whole number from 1 to {most}.")
        raise BadRequestError(words.format(most=MOST[by]))
    return int(value)


def _zone(name: str) -> tzinfo:
    """A time zone by its name; the one of the pages where none is named."""
    if not name:
        return timezone.get_current_timezone()
    if (zone := named(name)) is None:
        raise BadRequestError(_("zone is no time zone: give one such as Europe/Madrid."))
    return zone
