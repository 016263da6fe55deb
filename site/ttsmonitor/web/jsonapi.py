"""What every endpoint under /api/ does: JSON whatever happens, errors in one form.

An error is `{"error": code, "detail": sentence}` with a fitting status.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.text import clean
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.exceptions import BadRequestError
from ttsmonitor.web.translations import phrase

logger = logging.getLogger(__name__)

View = Callable[..., HttpResponse]
PREFIX = "/api/"


class InvalidRequestError(BadRequestError):
    """The request cannot be understood, and a code says to programs why."""

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        """`detail` is a sentence for whoever asked, in their language."""
        super().__init__(detail)
        self.code = code
        self.status = status


def error(code: str, detail: str, status: int) -> JsonResponse:
    return JsonResponse({"error": code, "detail": detail}, status=status)


def endpoint(*methods: str) -> Callable[[View], View]:
    """A view that answers in JSON whatever happens, and only to these methods."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if request.method not in methods:
                response: HttpResponse = error(
                    "method_not_allowed", _("Use another method here."), 405
                )
                response["Allow"] = ", ".join(methods)
            else:
                response = _answer(view, request, kwargs)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return guarded

    return decorate


def _answer(view: View, request: HttpRequest, kwargs: dict[str, Any]) -> HttpResponse:
    try:
        return view(request, **kwargs)
    except InvalidRequestError as exc:
        return error(exc.code, str(exc), exc.status)
    except BadRequestError as exc:
        return error("bad_request", str(exc), 400)
    except InvalidMessageError as exc:
        return error("bad_request", phrase(str(exc)), 400)
    except RequestDataTooBig:
        return error("too_large", _("The request is too large."), 413)
    except Http404:
        return _not_found()
    except PermissionDenied:
        return _forbidden()
    except (DatabaseError, InterfaceError):
        logger.exception("%s: the database does not answer", request.path)
        return database_unavailable()
    except Exception:
        logger.exception("%s: could not be answered", request.path)
        return _internal_error()


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a request. Raises InvalidRequestError."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise InvalidRequestError("invalid_json", _("Send a JSON object."))
    return fields


def read_words(fields: dict[str, Any]) -> str:
    """What is to be said: the `text` of a request. Raises InvalidRequestError."""
    text = fields.get("text")
    if not isinstance(text, str) or not text.strip():
        raise InvalidRequestError("empty_text", _("There is nothing to say yet."))
    if len(text) > UTTERANCE_CHARACTERS:
        words = _("That is too long: {limit} characters at most.")
        raise InvalidRequestError("text_too_long", words.format(limit=UTTERANCE_CHARACTERS))
    return clean(text.strip())


def unknown(request: HttpRequest, rest: str) -> JsonResponse:
    """Whatever else is asked for under /api/."""
    return _not_found()


# Django's handlers, for what goes wrong outside an endpoint. What is no API gets Django's pages.


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return error("bad_request", _("The request cannot be understood."), 400)
    return defaults.bad_request(request, exception)


def handler403(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return _forbidden()
    return defaults.permission_denied(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _not_found() if is_api(request) else defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    return _internal_error() if is_api(request) else defaults.server_error(request)


def is_api(request: HttpRequest) -> bool:
    """Is this a program's request, which wants JSON?"""
    return request.path.startswith(PREFIX) and request.path != PREFIX  # that is a page about it


def database_unavailable() -> JsonResponse:
    return error("database_unavailable", _("The database cannot be reached now."), 503)


def _not_found() -> JsonResponse:
    return error("not_found", _("There is nothing at this address."), 404)


def _forbidden() -> JsonResponse:
    return error("forbidden", _("This account may not do that."), 403)


def _internal_error() -> JsonResponse:
    return error("internal_error", _("Something went wrong; the log says what."), 500)
