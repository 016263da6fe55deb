"""POST /api/pronounce: show how a text is said, and say it on request."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.reasons import reason_of
from ttsmirror.translations import translate
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.models import Scope
from ttsmonitor.monitor import schemas
from ttsmonitor.speaking.pronounce import pronounce
from ttsmonitor.web.access import needs, require
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError, RefusedError

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
    try:
        (pronounced,) = pronounce([wanted.text], wanted.lang, wanted.voice)
    except SynthesisError as exc:
        raise InvalidRequestError("no_sound", translate(reason_of(exc)), 503) from exc
    answer = asdict(pronounced)
    if wanted.play:
        said = get_tts_mirror().publish_text(
            wanted.text, source="system", lang=wanted.lang, voice=wanted.voice
        )
        answer["id"] = str(said)
    return answer
