"""POST /api/pronounce: show how a text is said, and say it on request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmonitor.models import Scope
from ttsmonitor.monitor import schemas
from ttsmonitor.monitor.speech_errors import answered
from ttsmonitor.speaking.pronounce import pronounce
from ttsmonitor.web.access import needs, require
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import RefusedError

router = JsonRouter()


@router.write(
    "/pronounce",
    schemas.Pronounced,
    gettext_noop("How a text is said: its words, phonemes, language and voice"),
    operation_id="pronounce",
    example={"text": "Nació el 12/10/2025.", "play": True},
)
@needs(Scope.READ)
def pronounce_text(request: HttpRequest, wanted: schemas.Pronounce) -> dict[str, Any]:
    """Return how a text is said; with `play`, have it spoken as well, which needs SPEAK."""
    if wanted.play and (refusal := require(request, Scope.SPEAK)):
        raise RefusedError(refusal)
    with answered("no_sound"):
        (pronounced,) = pronounce([wanted.text], wanted.lang, wanted.voice)
    answer = asdict(pronounced)
    if wanted.play:
        said = get_tts_mirror().publish_text(
            wanted.text, source="system", lang=wanted.lang, voice=wanted.voice
        )
        answer["id"] = str(said)
    return answer
