"""Access to both sites: a login or an API token, unless MOXIE_REQUIRE_LOGIN is off."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from ttsmirror.database import AWAY
from ttsmonitor.conf import conf
from ttsmonitor.models import ApiToken
from ttsmonitor.web.jsonapi import database_unavailable, error, is_api
from ttsmonitor.web.origins import IS_PROGRAM, OriginMiddleware


def user_of_token(authorization: str) -> Any:
    """Return the user of an `Authorization: Bearer …` header, or None."""
    scheme, _space, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    found = ApiToken.objects.select_related("user").filter(digest=ApiToken.digest_of(token)).first()
    return found.user if found and found.user.is_active else None


class AccessMiddleware(LoginRequiredMiddleware):
    """Middleware that requires a user, except for views marked `login_not_required`."""

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        """Authenticate a request by its token."""
        if "Authorization" not in request.headers:
            return None
        try:
            user = None
            if not request.user.is_authenticated:
                user = user_of_token(request.headers["Authorization"])
        except AWAY:
            if not is_api(request):
                raise
            return database_unavailable()
        if user is not None:
            request.user = user
            # No cookie authenticated this request, so no other site can have forged it.
            request.csrf_processing_done = True  # type: ignore[attr-defined]
        return None

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Refuse a request without a user; the admin needs one in any case."""
        if not conf.MOXIE_REQUIRE_LOGIN and not request.path.startswith("/admin/"):
            return None
        try:
            return super().process_view(request, view_func, view_args, view_kwargs)
        except AWAY:
            if not is_api(request):
                raise
            return database_unavailable()

    def handle_no_permission(  # type: ignore[override]  # the stubs know the redirect only
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        """Answer with 401 in JSON under /api/, else redirect to the login page."""
        if is_api(request):
            detail = _("Log in, or send a token: Authorization: Bearer …")
            return error("login_required", detail, 401)
        return super().handle_no_permission(request, view_func)


class _TokenMiddleware:
    """Middleware that takes the user of a WebSocket from its Authorization header."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        header = dict(scope["headers"]).get(b"authorization")
        if header:
            user = await database_sync_to_async(user_of_token)(header.decode("latin-1"))
            if user is not None:
                scope = scope | {"user": user, IS_PROGRAM: True}
        return await self._application(scope, receive, send)


def AccessAuthMiddlewareStack(application: Any) -> Any:  # noqa: N802  named like channels' own
    """Wrap an ASGI application: user by session or token, and a check of the origin."""
    return AuthMiddlewareStack(_TokenMiddleware(OriginMiddleware(application)))


def may_enter(scope: dict[str, Any]) -> bool:
    """Return True if a WebSocket may be opened by its user."""
    return not conf.MOXIE_REQUIRE_LOGIN or bool(scope["user"].is_authenticated)
