"""POST /api/say: publish an utterance the way a robot's words are published."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.wire.options import OPTION_NAMES
from ttsmonitor.models import Scope
from ttsmonitor.monitor import schemas, snapshot
from ttsmonitor.web.access import needs
from ttsmonitor.web.api import JsonRouter

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
