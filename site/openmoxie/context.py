"""Values for every template: where the two sites are, and what the visitor may do."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from hive.conf import conf as hive_conf
from ttsmonitor.conf import conf
from ttsmonitor.models import Scope
from ttsmonitor.web import notices
from ttsmonitor.web.access import is_permitted
from ttsmonitor.web.notices import Notice


def site(request: HttpRequest) -> dict[str, Any]:
    """Return links between the sites on the visitor's host name, the scopes `may`, a notice."""
    host = request.get_host()
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return {
        "hive_url": f"{request.scheme}://{name}:{hive_conf.HIVE_PORT}/",
        "monitor_url": f"{request.scheme}://{name}:{conf.HTTP_PORT}/",
        "require_login": conf.MOXIE_REQUIRE_LOGIN,
        "may": SimpleLazyObject(lambda: _scopes(request)),
        "notice": SimpleLazyObject(_most_urgent),
    }


def _most_urgent() -> Notice:
    """Return the notice that the status line shows, one without a code if there is none."""
    return next(iter(notices.current()), Notice(""))


def _scopes(request: HttpRequest) -> dict[str, bool]:
    """Return what the visitor may do; `admin` is to open Django's admin."""
    if not hasattr(request, "user"):  # an error before the login was looked at
        return {}
    scopes = (Scope.READ, Scope.SPEAK, Scope.CONTROL)
    return {scope.value: is_permitted(request, scope) for scope in scopes} | {
        "admin": admin.site.has_permission(request)
    }
