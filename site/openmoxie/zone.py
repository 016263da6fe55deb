"""Times and days in the visitor's time zone, which theme.js tells in a cookie."""

from __future__ import annotations

import contextlib
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import sync_and_async_middleware

COOKIE = "timezone"


def zone_of(request: HttpRequest) -> ZoneInfo | None:
    """None: the visitor's browser has not told, or told nonsense; then it is this computer's."""
    name = request.COOKIES.get(COOKIE, "")
    with contextlib.suppress(ValueError, ZoneInfoNotFoundError, OSError):
        return ZoneInfo(name) if name else None
    return None


@sync_and_async_middleware
def visitors_zone(get_response: Any) -> Any:
    """Answer in the visitor's zone."""

    async def asynchronous(request: HttpRequest) -> Any:
        with _override(request):
            return await get_response(request)

    def synchronous(request: HttpRequest) -> Any:
        with _override(request):
            return get_response(request)

    return asynchronous if iscoroutinefunction(get_response) else synchronous


def _override(request: HttpRequest) -> contextlib.AbstractContextManager[Any]:
    zone = zone_of(request)
    return contextlib.nullcontext() if zone is None else timezone.override(zone)
