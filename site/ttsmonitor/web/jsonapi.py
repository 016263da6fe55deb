"""The JSON form of errors under /api/, and the handlers of errors outside a view.

An error is `{"error": code, "detail": sentence}` with a fitting status.
"""

from __future__ import annotations

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import defaults

from ttsmonitor.exceptions import BadRequestError

PREFIXES = ("/api/", "/v1/")
METRICS = "/metrics"


class InvalidRequestError(BadRequestError):
    """A request that is refused, with a code for programs."""

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        """Take a sentence in the visitor's language as `detail`."""
        super().__init__(detail)
        self.code = code
        self.status = status


class RefusedError(Exception):
    """A request that is refused with this response."""

    def __init__(self, response: HttpResponse) -> None:
        """Take the response."""
        super().__init__(response.status_code)
        self.response = response


def error(code: str, detail: str, status: int) -> JsonResponse:
    """Return an error response."""
    return JsonResponse({"error": code, "detail": detail}, status=status)


def not_found() -> JsonResponse:
    """Return the response for an address that does not exist."""
    return error("not_found", _("There is nothing at this address."), 404)


def forbidden() -> JsonResponse:
    """Return the response for a user without the permission."""
    return error("forbidden", _("This account may not do that."), 403)


def internal_error() -> JsonResponse:
    """Return the response after an unexpected exception."""
    return error("internal_error", _("Something went wrong; see the log."), 500)


def database_unavailable() -> JsonResponse:
    """Return the response while the database does not answer."""
    return error("database_unavailable", _("The database cannot be reached now."), 503)


def unknown(request: HttpRequest, rest: str) -> JsonResponse:
    """Answer a request for an unknown address under /api/."""
    return not_found()


def is_api(request: HttpRequest) -> bool:
    """Return True if the request is for programs; /api/ itself is a page for people."""
    path = request.path
    return (path.startswith(PREFIXES) and path != "/api/") or path == METRICS


def is_json_wanted(request: HttpRequest) -> bool:
    """Return True if a script sent a form of a page, so that it needs no redirect."""
    return "application/json" in request.headers.get("Accept", "")


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a bad request: JSON for the API, Django's page or our own one elsewhere."""
    if is_api(request):
        return error("bad_request", _("The request cannot be understood."), 400)
    if isinstance(exception, DisallowedHost):
        # Without the request: what a template learns from it begins with its host.
        return HttpResponse(render_to_string("ttsmonitor/address_refused.html"), status=400)
    return defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a forbidden request: JSON for the API, Django's page elsewhere."""
    if is_api(request):
        return forbidden()
    return defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an unknown address: JSON for the API, Django's page elsewhere."""
    return not_found() if is_api(request) else defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """Answer after an unexpected exception: JSON for the API, Django's page elsewhere."""
    return internal_error() if is_api(request) else defaults.server_error(request)
