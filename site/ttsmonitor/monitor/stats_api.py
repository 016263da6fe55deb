"""The API of the charts: statistics over time, and the broker's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.history.series import DEFAULT_COUNT, MAX_COUNT, collect
from ttsmonitor.monitor import snapshot
from ttsmonitor.web.jsonapi import endpoint
from ttsmonitor.web.time_zone import named


@endpoint("GET", "HEAD")
def over_time(request: HttpRequest) -> JsonResponse:
    """Return the statistics of the newest hours or days, oldest first."""
    by = request.GET.get("by") or "hour"
    if by not in MAX_COUNT:
        raise BadRequestError(_("by is none of: {choices}.").format(choices=", ".join(MAX_COUNT)))
    count, zone = _parse_count(request.GET, by), _parse_zone(request.GET.get("zone", ""))
    return JsonResponse(collect(by, count, zone))


@endpoint("GET", "HEAD")
def broker(request: HttpRequest) -> JsonResponse:
    """Return what the broker counts itself."""
    return JsonResponse(snapshot.broker_counts())


def _parse_count(parameters: Mapping[str, str], by: str) -> int:
    value = parameters.get("count") or str(DEFAULT_COUNT[by])
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:9]) <= MAX_COUNT[by]):
        words = _("count is not a whole number from 1 to {most}.")
        raise BadRequestError(words.format(most=MAX_COUNT[by]))
    return int(value)


def _parse_zone(name: str) -> tzinfo:
    """Return a time zone by its name; without a name that of the visitor."""
    if not name:
        return timezone.get_current_timezone()
    if (zone := named(name)) is None:
        raise BadRequestError(_("zone is no time zone: give one such as Europe/Madrid."))
    return zone
