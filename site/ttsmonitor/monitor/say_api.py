"""POST /api/say: publish an utterance the way a robot's words are published."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.reasons import reason_of
from ttsmirror.translations import translate
from ttsmirror.wire.options import OPTION_NAMES
from ttsmonitor.exceptions import VoiceNotFoundError
from ttsmonitor.models import Scope
from ttsmonitor.monitor import schemas, snapshot
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.choice import find_voice
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter
from ttsmonitor.web.jsonapi import InvalidRequestError
from ttsmonitor.web.labels import MOODS

router = JsonRouter()


@router.write(
    "/say",
    {202: schemas.Said},
    gettext_noop("Speak a sentence, through broker, history and queue"),
    example={"text": "La cena está lista", "mood": "happy"},
)
@needs(Scope.SPEAK)
def say(request: HttpRequest, said: schemas.Say) -> dict[str, Any]:
    """Publish an utterance. 202 means that it is on its way."""
    if said.mood and said.mood not in MOODS:
        detail = _("There is no mood {mood}. Moods: {moods}.")
        moods = ", ".join(MOODS)
        raise InvalidRequestError("unknown_mood", detail.format(mood=said.mood, moods=moods))
    if said.voice:
        try:
            find_voice(said.voice, engine_config())
        except VoiceNotFoundError as exc:
            raise InvalidRequestError("unknown_voice", translate(reason_of(exc))) from exc
    get_tts_mirror().publish_text(
        said.text,
        source=said.source,
        device_id=said.device_id,
        utterance_id=said.id,
        **{name: getattr(said, name) for name in OPTION_NAMES},
    )
    return {"id": str(said.id), "detail": _detail()}


def _detail() -> str:
    if snapshot.status()["broker"]["connected"]:
        return ""
    return _(
        "The broker cannot be reached: the sentence is spoken when the broker is"
        " back, unless it has expired by then."
    )
