"""POST /api/say: a sentence to be spoken, on the way that a robot's words take."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from ttsmirror.publishing.mirror import get_tts_mirror
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import Chunk, parse_chunk
from ttsmonitor.monitor import snapshot
from ttsmonitor.web.jsonapi import InvalidRequestError, endpoint, read_object, read_words

NOT_SAID = ("timestamp", "chunk", "total_chunks", "more")
"""What the wire has and whoever speaks here does not decide."""


@endpoint("POST")
def say(request: HttpRequest) -> JsonResponse:
    """Have something spoken; 202: it is on its way, and its id names it from now on."""
    said = read_utterance(request.body)
    get_tts_mirror().publish_text(
        said.text,
        source=said.source,
        device_id=said.device_id,
        utterance_id=said.utterance_id,
        lang=said.lang,
        voice=said.voice,
        mood=said.mood,
        intensity=said.intensity,
        priority=said.priority,
        ttl=said.ttl,
    )
    return JsonResponse({"id": str(said.utterance_id), "detail": _detail()}, status=202)


def read_utterance(body: bytes) -> Chunk:
    """What is to be said, checked as on the wire.

    Raises InvalidRequestError or InvalidMessageError, with a sentence for whoever asked.
    """
    fields = read_object(body)
    text = read_words(fields)
    # All but the words, which may fill more than one message.
    rest = {name: value for name, value in fields.items() if name not in NOT_SAID}
    try:
        payload = dump(rest | {"text": "."})
    except UnicodeEncodeError as exc:  # half a surrogate pair
        raise InvalidRequestError("invalid_json", _("Send a JSON object.")) from exc
    return replace(parse_chunk(payload), text=text)


def _detail() -> str:
    if snapshot.status()["broker"]["connected"]:
        return ""
    return _("The broker cannot be reached: it is spoken aloud when it is back, if still fresh.")
