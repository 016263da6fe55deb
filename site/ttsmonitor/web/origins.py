"""Where a WebSocket may come from: a page of this site, or a program."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.utils.http import is_same_domain

from ttsmonitor.conf import conf

IS_PROGRAM = "ttsmonitor.is_program"
"""In a scope: its user is known by a token, which a browser cannot send for a page."""
_PORTS = {"http": 80, "https": 443}


class OriginMiddleware:
    """Refuse the WebSockets of other sites' pages: the browser sends our session along with them.

    A page may open one where it may post a form, by Django's rule against forged requests.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        application = self._application if is_welcome(scope) else WebsocketDenier()
        return await application(scope, receive, send)


def is_welcome(scope: dict[str, Any]) -> bool:
    """Does this WebSocket come from a page of ours, or from a program that may enter?"""
    seen = {"method": "GET", "path": "/"} | {
        name: scope[name] for name in ("headers", "server") if name in scope
    }
    request = ASGIRequest(seen, BytesIO())
    try:
        own = f"{'https' if request.is_secure() else 'http'}://{request.get_host()}"
        if origin := request.headers.get("Origin"):
            allowed = (own, *settings.CSRF_TRUSTED_ORIGINS)
            return any(_is_same(urlsplit(origin), urlsplit(each)) for each in allowed)
    except (DisallowedHost, ValueError):
        return False
    # Every browser names the origin of its page, so this is a program. A session is no way in
    # for it: whatever took the header away may have taken it from a browser.
    return not conf.MOXIE_REQUIRE_LOGIN or IS_PROGRAM in scope


def _is_same(origin: SplitResult, allowed: SplitResult) -> bool:
    """Same scheme, port and host; the host of `allowed` may be `*.` and a domain."""
    return (
        origin.scheme == allowed.scheme
        and _port(origin) == _port(allowed)
        and is_same_domain(origin.hostname or "", (allowed.hostname or "").lstrip("*"))
    )


def _port(url: SplitResult) -> int | None:
    return url.port or _PORTS.get(url.scheme)
