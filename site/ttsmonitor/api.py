"""The JSON API of the monitor. Errors are `{"error": code, "detail": sentence}`."""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from ttsmonitor import events, service, snapshot, stats, turns
from ttsmonitor.controls import QUEUE_ACTIONS
from ttsmonitor.exceptions import InvalidMessageError, TTSMonitorError
from ttsmonitor.messages import clean, parse_control
from ttsmonitor.models import Utterance, UtteranceQuerySet

logger = logging.getLogger(__name__)

HISTORY_DEFAULT = 50
HISTORY_MOST = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

View = Callable[[HttpRequest], JsonResponse]


class BadRequestError(TTSMonitorError):
    """The request cannot be understood."""


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
    limit = _limit(request.GET.get("limit"))
    rows = list(_filtered(request)[: limit + 1])
    page = rows[:limit]
    return JsonResponse({
        "utterances": [events.describe(utterance) for utterance in page],
        "next": cursor(page[-1]) if len(rows) > limit else None,
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
    if command.action in QUEUE_ACTIONS and not turns.all_wait(command.names()):
        return error("not_waiting", _("That does not wait any more."), 409)
    running.control(command)
    return JsonResponse({"ok": True, "status": running.status()})


def cursor(utterance: Utterance) -> str:
    """Where the history goes on after this utterance."""
    microseconds = (utterance.received_at - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds}-{utterance.pk.hex}"


def _before(value: str) -> Q:
    microseconds, _dash, key = value.partition("-")
    try:
        moment = _EPOCH + timedelta(microseconds=int(microseconds))
        identity = uuid.UUID(key)
    except (ValueError, OverflowError) as exc:
        raise BadRequestError(
            _("before is not a cursor: give the next of the page before it.")
        ) from exc
    # The first condition says nothing new, but an index answers it.
    return Q(received_at__lte=moment) & (Q(received_at__lt=moment) | Q(pk__lt=identity))


def _filtered(request: HttpRequest) -> UtteranceQuerySet:
    given: Any = {name: clean(str(value)) for name, value in request.GET.items() if value}
    rows = Utterance.objects.order_by("-received_at", "-pk")
    if "before" in given:
        rows = rows.filter(_before(given["before"]))
    for name in ("source", "device_id"):
        if name in given:
            rows = rows.filter(**{name: given[name]})
    if (wanted := given.get("status")) is not None:
        if wanted not in Utterance.Status.values:
            choices = ", ".join(Utterance.Status.values)
            raise BadRequestError(_("status is none of: {choices}.").format(choices=choices))
        rows = rows.filter(status=wanted)
    if "q" in given:
        rows = rows.filter(text__icontains=given["q"])
    return rows


def _limit(value: str | None) -> int:
    if not value:
        return HISTORY_DEFAULT
    try:
        limit = int(value)
    except ValueError:
        limit = 0
    if not 1 <= limit <= HISTORY_MOST:
        raise BadRequestError(
            _("limit is not a whole number from 1 to {most}.").format(most=HISTORY_MOST)
        )
    return limit
