"""The JSON API of the monitor: state, queue, history and control."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import P, PathEx, Query

from ttsmirror.models import Utterance
from ttsmirror.wire.control import CONTROL_ACTIONS, parse_control
from ttsmonitor.history import pagination, stats
from ttsmonitor.history.filters import Filters
from ttsmonitor.history.serializers import serialize
from ttsmonitor.models import Scope
from ttsmonitor.monitor import schemas, snapshot
from ttsmonitor.monitor.speech_errors import answered, running_service
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError

router = JsonRouter()


@router.read(
    "/status", schemas.Status, gettext_noop("State of the speech service and its current sentence")
)
def status(request: HttpRequest) -> dict[str, Any]:
    """Return the state of the speaker and its current utterance."""
    return snapshot.status()


@router.read("/queue", schemas.Queue, gettext_noop("The queue, next sentence first"))
def queue(request: HttpRequest) -> dict[str, Any]:
    """Return the utterances that wait, in the order of speaking."""
    waiting = snapshot.waiting()
    return {"size": waiting["queue_count"], "queue": waiting["queue"]}


@router.read("/stats", schemas.Stats, gettext_noop("Totals of the history"), operation_id="stats")
def statistics(request: HttpRequest) -> dict[str, Any]:
    """Return totals of the history."""
    return stats.collect()


@router.read(
    "/history", schemas.History, gettext_noop("The history, newest first"), errors=["bad_request"]
)
def history(request: HttpRequest, query: Query[schemas.HistoryQuery]) -> dict[str, Any]:
    """Return a page of the history, newest first; `next` is the `before` of the next page."""
    given = query.model_dump(exclude_none=True)
    page = pagination.read(Filters.read(given).rows(), given)
    return {"utterances": [serialize(utterance) for utterance in page.rows], "next": page.next}


@router.write(
    "/control",
    schemas.Controlled,
    gettext_noop("Interrupt, skip, pause and the like, as on moxie/tts/control"),
    example={"action": "pause"},
    errors=["not_found", "not_waiting"],
    body=schemas.Control,
)
@needs(Scope.CONTROL)
def control(request: HttpRequest) -> dict[str, Any]:
    """Execute a control message, as on moxie/tts/control."""
    command, running = parse_control(request.body), running_service()
    if command.utterance_id is not None:
        _utterance(command.utterance_id)
    if not running.control(command):
        if CONTROL_ACTIONS[command.action].is_about_queue:
            raise InvalidRequestError(
                "not_waiting", _("This sentence is no longer in the queue."), 409
            )
        raise _not_found()
    return {"ok": True, "status": running.status()}


@router.read(
    "/utterances/{uuid:utterance_id}/audio",
    "audio/wav",
    gettext_noop("The sound of a sentence, made on demand"),
    errors=["not_found"],
)
def audio(
    request: HttpRequest,
    utterance_id: PathEx[
        uuid.UUID, P(description=gettext_noop("Its id."), example=schemas.EXAMPLE_ID)
    ],
) -> HttpResponse:
    """Return the sound of an utterance as a WAV file, synthesized on demand."""
    running, utterance = running_service(), _utterance(utterance_id)
    with answered("no_sound"):
        content = running.sound_of(utterance)
    response = HttpResponse(content, content_type="audio/wav")
    response["Cache-Control"] = "private, max-age=300"
    return response


def _utterance(pk: uuid.UUID) -> Utterance:
    if (row := Utterance.objects.filter(pk=pk).first()) is None:
        raise _not_found()
    return row


def _not_found() -> InvalidRequestError:
    return InvalidRequestError("not_found", _("There is no such sentence in the history."), 404)
