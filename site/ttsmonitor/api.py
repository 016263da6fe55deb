"""The JSON API of the monitor. Errors are `{"error": code, "detail": sentence}`."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from ttsmonitor import events, paging, service, snapshot, stats
from ttsmonitor.exceptions import BadRequestError, InvalidMessageError
from ttsmonitor.filters import Filters
from ttsmonitor.messages import parse_control
from ttsmonitor.models import Utterance

logger = logging.getLogger(__name__)

View = Callable[[HttpRequest], JsonResponse]


def error(code: str, detail: str, status: int) -> JsonResponse:
    return JsonResponse({"error": code, "detail": detail}, status=status)


def endpoint(*methods: str) -> Callable[[View], View]:
    """A view that answers in JSON whatever happens, and only to these methods."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest) -> JsonResponse:
            if request.method not in methods:
                response = error("method_not_allowed", _("Use another method here."), 405)
                response["Allow"] = ", ".join(methods)
                return response
            try:
                response = view(request)
            except (BadRequestError, InvalidMessageError) as exc:
                return error("bad_request", str(exc), 400)
            except RequestDataTooBig:
                return error("too_large", _("The request is too large."), 413)
            except DatabaseError:
                logger.exception("%s: the history cannot be read", request.path)
                return error("database_unavailable", _("The history cannot be read now."), 503)
            response["Cache-Control"] = "no-store"
            return response

        return guarded

    return decorate


@endpoint("GET", "HEAD")
def status(request: HttpRequest) -> JsonResponse:
    """The state of the speaker, and what it says."""
    return JsonResponse(snapshot.status())


@endpoint("GET", "HEAD")
def queue(request: HttpRequest) -> JsonResponse:
    """What waits to be spoken, the next one first."""
    return JsonResponse({
        "size": Utterance.objects.waiting().count(),
        "queue": snapshot.queue(),
    })  # fmt: skip


@endpoint("GET", "HEAD")
def statistics(request: HttpRequest) -> JsonResponse:
    """Numbers about the history."""
    return JsonResponse(stats.collect())


@endpoint("GET", "HEAD")
def history(request: HttpRequest) -> JsonResponse:
    """A page of the history, newest first; `next` is the `before` of the page after it."""
    page = paging.read(Filters.read(request.GET).rows(), request.GET)
    return JsonResponse({
        "utterances": [events.describe(utterance) for utterance in page.rows],
        "next": page.next,
    })  # fmt: skip


@endpoint("POST")
def control(request: HttpRequest) -> JsonResponse:
    """A control message, as on moxie/tts/control."""
    command = parse_control(request.body)
    running = service.current()
    if running is None:
        return error("not_running", _("The speech service does not run in this process."), 503)
    wanted = command.utterance_id
    if wanted is not None and not Utterance.objects.filter(pk=wanted).exists():
        return error("not_found", _("There is no such utterance in the history."), 404)
    running.control(command)
    return JsonResponse({"ok": True, "status": running.status()})
