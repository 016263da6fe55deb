"""Answer 404 for addresses with a NUL, which PostgreSQL refuses in a text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse


class NulMiddleware:
    """Middleware that treats an address with a NUL as unknown, whatever the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the next handler."""
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        """Raise Http404 for an address with a NUL."""
        if "\0" in unquote(request.get_full_path()):
            raise Http404
