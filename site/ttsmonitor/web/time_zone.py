"""The visitor's time zone, in which pages show times and begin days.

timezone.js keeps the browser's zone in a cookie; without the cookie the server's zone is used.
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
    """Return the zone that the cookies name, or None."""
    return find_zone(cookies.get(COOKIE, ""))


def find_zone(name: str) -> ZoneInfo | None:
    """Return the zone of a name, or None if there is none."""
    return ZoneInfo(name) if name in _known() else None


def in_zone_of(cookies: Mapping[str, str]) -> AbstractContextManager[None]:
    """Return a context with the zone of the cookies as the current one."""
    return in_zone(zone_of(cookies))


def in_zone(zone: ZoneInfo | None) -> AbstractContextManager[None]:
    """Return a context with a zone, or the server's, as the current one."""
    context: AbstractContextManager[None] = timezone.override(
        zone or timezone.get_default_timezone()
    )
    return context


@sync_and_async_middleware
def visitor_time_zone(get_response: Any) -> Any:
    """Middleware that answers a request in the visitor's zone."""

    async def asynchronous(request: HttpRequest) -> Any:
        with in_zone_of(request.COOKIES):
            return await get_response(request)

    def synchronous(request: HttpRequest) -> Any:
        with in_zone_of(request.COOKIES):
            return get_response(request)

    return asynchronous if iscoroutinefunction(get_response) else synchronous
