"""Addresses with a NUL: PostgreSQL takes none in a text, so nothing can be found by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse


class NulMiddleware:
    """Says that there is nothing at such an address, whatever database would be asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        """Raises Http404."""
        if "\0" in unquote(request.get_full_path()):
            raise Http404
