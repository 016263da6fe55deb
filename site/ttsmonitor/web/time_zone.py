"""The visitor's time zone: pages tell times, and begin days, as the clock on their wall does.

timezone.js keeps the browser's zone in a cookie. Whoever sends none sees the server's.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

COOKIE = "moxie_timezone"
_known = cache(available_timezones)


def zone_of(cookies: Mapping[str, str]) -> ZoneInfo | None:
    """The zone that these cookies name; None where they name none that there is."""
    return named(cookies.get(COOKIE, ""))


def named(name: str) -> ZoneInfo | None:
    """The zone of that name; None where there is none."""
    return ZoneInfo(name) if name in _known() else None


def in_zone_of(cookies: Mapping[str, str]) -> AbstractContextManager[None]:
    """Within this block times are those of whoever sent these cookies."""
    zone: AbstractContextManager[None] = timezone.override(
        zone_of(cookies) or timezone.get_default_timezone()
    )
    return zone


@sync_and_async_middleware
def visitor_time_zone(get_response: Any) -> Any:
    """Answer a request in the zone of its visitor."""

    async def asynchronous(request: HttpRequest) -> Any:
        with in_zone_of(request.COOKIES):
            return await get_response(request)

    def synchronous(request: HttpRequest) -> Any:
        with in_zone_of(request.COOKIES):
            return get_response(request)

    return asynchronous if iscoroutinefunction(get_response) else synchronous
