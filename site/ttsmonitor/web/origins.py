"""The origin check of WebSockets: a page of this site, or a program."""

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
"""Key of a scope whose user came by a token, which a browser cannot send for a page."""
_PORTS = {"http": 80, "https": 443}


class OriginMiddleware:
    """Middleware that refuses WebSockets of other sites' pages.

    A browser sends our session with them. A page may open a WebSocket where it may post a form by
    Django's CSRF rules.
    """

    def __init__(self, application: Any) -> None:
        """Take the application to protect."""
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        """Serve the socket, or deny it."""
        application = self._application if is_allowed(scope) else WebsocketDenier()
        return await application(scope, receive, send)


def is_allowed(scope: dict[str, Any]) -> bool:
    """Return True if a WebSocket comes from a page of ours or from a known program."""
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
    # Every browser sends the origin of its page, so this is a program. It may not use a session:
    # what removed the header may have removed a browser's.
    return not conf.MOXIE_REQUIRE_LOGIN or IS_PROGRAM in scope


def _is_same(origin: SplitResult, allowed: SplitResult) -> bool:
    """Return True for the same scheme, port and host; `allowed` may have `*.` before a domain."""
    return (
        origin.scheme == allowed.scheme
        and _port(origin) == _port(allowed)
        and is_same_domain(origin.hostname or "", (allowed.hostname or "").lstrip("*"))
    )


def _port(url: SplitResult) -> int | None:
    return url.port or _PORTS.get(url.scheme)
