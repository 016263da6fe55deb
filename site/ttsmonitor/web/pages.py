"""The decorator of all pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]


def page(view: View) -> View:
    """Decorate a page: GET and HEAD only, compressed, never cached, with a CSRF cookie."""
    whole: Any = require_safe(gzip_page(never_cache(ensure_csrf_cookie(view))))
    decorated: View = whole
    return decorated


def return_url(request: HttpRequest, default: str) -> str:
    """Return the path of the page that a form was on, from its field `next`."""
    url = request.POST.get("next", "")
    return url if url_has_allowed_host_and_scheme(url, allowed_hosts=None) else default
