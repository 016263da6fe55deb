"""Which URLs a process serves: the hive's, or (in the speech service) the monitor's."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

SCOPE_KEY = "moxie.urlconf"


class WithUrlconf:
    """The ASGI application, with its HTTP requests answered from another URLconf."""

    def __init__(self, application: Any, urlconf: str) -> None:
        self._application = application
        self._urlconf = urlconf

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        await self._application(scope | {SCOPE_KEY: self._urlconf}, receive, send)


@sync_and_async_middleware
def urlconf_from_scope(get_response: Any) -> Any:
    """Hand the scope's URLconf to Django's resolver."""

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
