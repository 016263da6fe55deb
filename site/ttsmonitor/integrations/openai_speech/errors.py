"""Errors below /v1/ in the form that clients of the OpenAI API read."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

PREFIX = "/v1/"


class ApiError(Exception):
    """A request that is refused."""

    def __init__(self, detail: str, param: str | None = None, *, code: str, status: int = 400):
        """Take a sentence in the visitor's language, and the field that is wrong."""
        super().__init__(detail)
        self.param, self.code, self.status = param, code, status

    @property
    def response(self) -> HttpResponse:
        """The answer."""
        return _error(str(self), self.code, self.status, self.param)


def openai_errors(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give every error below /v1/ that form, whoever answered with it."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_ours = request.path.startswith(PREFIX) and isinstance(response, HttpResponse)
        if not is_ours or response.status_code < 400:
            return response
        return _in_form(response)  # type: ignore[arg-type]  # a HttpResponse

    return answer


def _in_form(response: HttpResponse) -> HttpResponse:
    try:
        given = json.loads(response.content)
        if isinstance(given["error"], dict):
            return response
        code, detail = given["error"], given["detail"]
    except (ValueError, KeyError, TypeError):
        code, detail = None, response.reason_phrase
    changed = _error(detail, code, response.status_code)
    for name in ("WWW-Authenticate", "Cache-Control", "Allow"):
        if name in response.headers:
            changed[name] = response[name]
    return changed


def _error(detail: str, code: str | None, status: int, param: str | None = None) -> HttpResponse:
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = {"message": detail, "type": kind, "param": param, "code": code}
    return JsonResponse({"error": body}, status=status)
