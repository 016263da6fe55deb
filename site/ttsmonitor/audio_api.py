"""The sound of an utterance over HTTP: made on demand where the speech service runs."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from ttsmonitor import service
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.jsonapi import endpoint, error
from ttsmonitor.models import Utterance
from ttsmonitor.words import reason_text


@endpoint("GET", "HEAD")
def audio(request: HttpRequest, utterance_id: uuid.UUID) -> HttpResponse:
    """A WAV file."""
    running = service.current()
    if running is None:
        return error("not_running", _("The speech service does not run in this process."), 503)
    row = Utterance.objects.filter(pk=utterance_id).first()
    if row is None:
        return error("not_found", _("There is no such utterance in the history."), 404)
    try:
        content = running.sound_of(row)
    except SynthesisError as exc:
        return error("no_sound", reason_text(str(exc)), 503)
    response = HttpResponse(content, content_type="audio/wav")
    response["Cache-Control"] = "private, max-age=300"
    return response
