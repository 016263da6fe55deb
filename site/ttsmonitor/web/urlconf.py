"""Choose the URLconf of a process: the hive's, or the monitor's in the speech service."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

SCOPE_KEY = "moxie.urlconf"


class WithUrlconf:
    """An ASGI application whose HTTP requests use another URLconf."""

    def __init__(self, application: Any, urlconf: str) -> None:
        """Take the application and the name of the URLconf."""
        self._application = application
        self._urlconf = urlconf

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve a connection with the URLconf in its scope."""
        await self._application(scope | {SCOPE_KEY: self._urlconf}, receive, send)


@sync_and_async_middleware
def urlconf_from_scope(get_response: Any) -> Any:
    """Middleware that hands the scope's URLconf to Django's resolver."""

    def choose(request: HttpRequest) -> None:
        if urlconf := getattr(request, "scope", {}).get(SCOPE_KEY):
            request.urlconf = urlconf

    async def asynchronous(request: HttpRequest) -> Any:
        choose(request)
        return await get_response(request)

    def synchronous(request: HttpRequest) -> Any:
        choose(request)
        return get_response(request)

    return asynchronous if iscoroutinefunction(get_response) else synchronous
