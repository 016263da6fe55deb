"""The JSON API of the monitor."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from ttsmonitor import paging, service, snapshot, stats, turns
from ttsmonitor.controls import QUEUE_ACTIONS
from ttsmonitor.describing import describe
from ttsmonitor.filters import Filters
from ttsmonitor.jsonapi import endpoint, error
from ttsmonitor.messages import parse_control
from ttsmonitor.models import Utterance


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
        "utterances": [describe(utterance) for utterance in page.rows],
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
    if command.action in QUEUE_ACTIONS and not turns.all_wait(command.names()):
        return error("not_waiting", _("That does not wait any more."), 409)
    running.control(command)
    return JsonResponse({"ok": True, "status": running.status()})
