"""Access to both sites: a login or an API token, unless MOXIE_REQUIRE_LOGIN is off.

What a visitor may do is a set of scopes. An account has them by its groups, a token at most those
of its account.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any, TypeVar

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from ttsmirror.database import AWAY
from ttsmonitor.conf import conf
from ttsmonitor.models import ApiToken, Scope
from ttsmonitor.web.jsonapi import database_unavailable, error, is_api
from ttsmonitor.web.origins import IS_PROGRAM, OriginMiddleware

logger = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])
TOKEN = "ttsmonitor.api_token"  # noqa: S105  a key
"""Key of the token in the scope of a WebSocket."""


def needs(scope: Scope | None, permission: str = "") -> Callable[[View], View]:
    """Set the scope that a view needs, for AccessMiddleware. Views without this need READ.

    None: the view needs a login only, or checks the scope itself. `permission` is another one that
    the account needs in place of the scope's own.
    """

    def mark(view: View) -> View:
        view.needed = (scope, permission)  # type: ignore[attr-defined]
        return view

    return mark


def read_bearer(authorization: str) -> str | None:
    """Return the token of an `Authorization: Bearer …` header; None for another scheme."""
    scheme, _space, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def find_token(text: str) -> ApiToken | None:
    """Return a usable token and note its use."""
    token = ApiToken.objects.find(text)
    if token is not None:
        _touch(token)
    return token


def _touch(token: ApiToken) -> None:
    try:
        token.touch()
    except AWAY as exc:  # readable, but not writable now
        logger.debug("last use of token %s not stored: %s", token.pk, exc)


def is_allowed(scope: Scope, user: Any, token: ApiToken | None, permission: str = "") -> bool:
    """Return True if this user, by a session or this token, has the scope; see needs()."""
    if token is not None and not token.allows(scope):
        return False
    if not (conf.MOXIE_REQUIRE_LOGIN or permission or scope is Scope.ADMIN):
        return True
    return bool(user.has_perm(permission or scope.permission))


def is_permitted(request: HttpRequest, scope: Scope, permission: str = "") -> bool:
    """Return True if the visitor has the scope; see needs()."""
    return is_allowed(scope, request.user, token_of(request), permission)


def require(request: HttpRequest, scope: Scope, permission: str = "") -> HttpResponse | None:
    """Return the refusal for a visitor without the scope, or None; see needs().

    Raises PermissionDenied if the account lacks it.
    """
    token = token_of(request)
    if token is not None and not token.allows(scope):
        return _insufficient(scope)
    if is_permitted(request, scope, permission):
        return None
    if not request.user.is_authenticated:
        if is_api(request):
            return login_required()
        if request.method in ("GET", "HEAD"):
            return redirect_to_login(request.get_full_path())
    raise PermissionDenied


def token_of(request: HttpRequest) -> ApiToken | None:
    """Return the token that authenticated a request."""
    return getattr(request, "api_token", None)


class AccessMiddleware(LoginRequiredMiddleware):
    """Middleware that requires a user, except for views marked `login_not_required`.

    A request with a token is the token's alone: a session beside it does not count. Tokens do not
    open Django's admin.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:
        """Authenticate a request by its token; refuse a wrong, expired or revoked one."""
        given = read_bearer(request.headers.get("Authorization", ""))
        if given is None:
            return None
        try:
            token = find_token(given)
        except AWAY:  # whatever the page: a program asks
            return database_unavailable()
        if token is None:
            return _invalid_token()
        request.user = token.user
        request.api_token = token  # type: ignore[attr-defined]
        # No cookie authenticated this request, so no other site can have forged it.
        request.csrf_processing_done = True  # type: ignore[attr-defined]
        return None

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        """Refuse a request without a user or scope; the admin needs a login in any case."""
        match = request.resolver_match
        is_admin = match is not None and "admin" in match.namespaces
        if is_admin and token_of(request) is not None:
            return error("forbidden", _("A token does not open the administration."), 403)
        try:
            if conf.MOXIE_REQUIRE_LOGIN or is_admin:
                refusal = super().process_view(request, view_func, view_args, view_kwargs)
                if refusal is not None:
                    return refusal
            scope, permission = getattr(view_func, "needed", (Scope.READ, ""))
            if is_admin or scope is None or not getattr(view_func, "login_required", True):
                return None
            return require(request, scope, permission)
        except AWAY:
            if not is_api(request):
                raise
            return database_unavailable()

    def handle_no_permission(  # type: ignore[override]  # the stubs know the redirect only
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        """Answer with 401 in JSON under /api/, else redirect to the login page."""
        if is_api(request):
            return login_required()
        return super().handle_no_permission(request, view_func)


def login_required() -> HttpResponse:
    """Return the answer to a request without login and token."""
    detail = _("Log in, or send a token: Authorization: Bearer …")
    return _with_challenge(error("login_required", detail, 401), "Bearer")


def _invalid_token() -> HttpResponse:
    detail = _("This token is wrong, has expired or was revoked.")
    return _with_challenge(error("invalid_token", detail, 401), 'Bearer error="invalid_token"')


def _insufficient(scope: Scope) -> HttpResponse:
    detail = _("This token lacks the scope {scope}.").format(scope=scope.value)
    challenge = f'Bearer error="insufficient_scope", scope="{scope.value}"'
    return _with_challenge(error("insufficient_scope", detail, 403), challenge)


def _with_challenge(response: HttpResponse, challenge: str) -> HttpResponse:
    response["WWW-Authenticate"] = challenge
    response["Cache-Control"] = "no-store"
    return response


class _TokenMiddleware:
    """Middleware that takes the user of a WebSocket from its Authorization header."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        header = b",".join(value for name, value in scope["headers"] if name == b"authorization")
        given = read_bearer(header.decode("latin-1"))
        if given is not None:
            token = await database_sync_to_async(find_token)(given)
            if token is None:
                return await WebsocketDenier()(scope, receive, send)
            scope = scope | {"user": token.user, TOKEN: token, IS_PROGRAM: True}
        return await self._application(scope, receive, send)


def AccessAuthMiddlewareStack(application: Any) -> Any:  # noqa: N802  named like channels' own
    """Wrap an ASGI application: user by session or token, and a check of the origin."""
    return AuthMiddlewareStack(_TokenMiddleware(OriginMiddleware(application)))


def may_enter(scope: dict[str, Any]) -> bool:
    """Return True if a WebSocket may be opened by its user."""
    return is_allowed(Scope.READ, scope["user"], scope.get(TOKEN))


def access_key(scope: dict[str, Any]) -> object:
    """Return what the access of a WebSocket hangs on: its token or its session."""
    if (token := scope.get(TOKEN)) is not None:
        return token.pk
    return getattr(scope.get("session"), "session_key", None)


def may_stay(scope: dict[str, Any]) -> bool:
    """Return True if the token or session of an open WebSocket is still good.

    A session ends by logout, password change, deactivation of the account, and time.
    """
    if (token := scope.get(TOKEN)) is not None:
        known = ApiToken.objects.usable().filter(pk=token.pk).first()
        if known is None:
            return False
        _touch(known)
        return is_allowed(Scope.READ, known.user, known)
    key = access_key(scope)
    if key is None:
        return may_enter(scope)
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    return is_allowed(Scope.READ, user, None)
