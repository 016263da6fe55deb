"""The JSON API of the monitor."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from ttsmirror.models import Utterance
from ttsmirror.wire.control import CONTROL_ACTIONS, parse_control
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.history import pagination, stats
from ttsmonitor.history.filters import Filters
from ttsmonitor.history.serializers import serialize
from ttsmonitor.monitor import snapshot
from ttsmonitor.service import service
from ttsmonitor.web.jsonapi import InvalidRequestError, endpoint, error
from ttsmonitor.web.labels import reason_text


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
    page = pagination.read(Filters.read(request.GET).rows(), request.GET)
    return JsonResponse({
        "utterances": [serialize(utterance) for utterance in page.rows],
        "next": page.next,
    })  # fmt: skip


@endpoint("POST")
def control(request: HttpRequest) -> JsonResponse:
    """A control message, as on moxie/tts/control."""
    command, running = parse_control(request.body), _running()
    if command.utterance_id is not None:
        _utterance(command.utterance_id)
    if not running.control(command):
        if CONTROL_ACTIONS[command.action].is_about_queue:
            return error("not_waiting", _("That does not wait any more."), 409)
        raise _not_found()
    return JsonResponse({"ok": True, "status": running.status()})


@endpoint("GET", "HEAD")
def audio(request: HttpRequest, utterance_id: uuid.UUID) -> HttpResponse:
    """The sound of an utterance as a WAV file, made on demand."""
    running, utterance = _running(), _utterance(utterance_id)
    try:
        content = running.sound_of(utterance)
    except SynthesisError as exc:
        return error("no_sound", reason_text(str(exc)), 503)
    response = HttpResponse(content, content_type="audio/wav")
    response["Cache-Control"] = "private, max-age=300"
    return response


def _running() -> service.SpeechService:
    if (running := service.current()) is None:
        words = _("The speech service does not run in this process.")
        raise InvalidRequestError("not_running", words, 503)
    return running


def _utterance(pk: uuid.UUID) -> Utterance:
    if (row := Utterance.objects.filter(pk=pk).first()) is None:
        raise _not_found()
    return row


def _not_found() -> InvalidRequestError:
    words = _("There is no such utterance in the history.")
    return InvalidRequestError("not_found", words, 404)
