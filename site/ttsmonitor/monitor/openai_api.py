"""The speech API of OpenAI: POST /v1/audio/speech, and the models and voices.

The sound is made in the synthesis process of the queue, whose speech goes first.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain
from typing import Any

from asgiref.sync import sync_to_async
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason, reason_of
from ttsmirror.translations import translate
from ttsmonitor.audio.resampling import Resampler
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.integrations.openai_speech.errors import ApiError
from ttsmonitor.integrations.openai_speech.formats import FORMATS, RATE, Encoder
from ttsmonitor.integrations.openai_speech.orders import Order, read_order
from ttsmonitor.models import Scope
from ttsmonitor.service import service
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.on_request import requests_of, unsaved_utterance
from ttsmonitor.synthesis.base import Block
from ttsmonitor.synthesis.choice import find_voice, installed_voices
from ttsmonitor.web.access import needs

MODELS = ("moxie", "tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""Names that programs ask for; they all mean the voices that are installed."""
HISTORY = "X-Moxie-History"
"""The header by which a program asks for an entry in the history: 1."""
SOURCE = "openai"
"""The source of these texts, for voice settings and the history."""

View = Callable[..., HttpResponseBase]


def _refusing(view: View) -> View:
    """Answer with the error where the view raises ApiError."""

    def answer(request: HttpRequest, **parameters: Any) -> HttpResponseBase:
        try:
            return view(request, **parameters)
        except ApiError as exc:
            return exc.response

    return answer


@needs(Scope.SPEAK)
@require_POST
@_refusing
def speech(request: HttpRequest) -> HttpResponseBase:
    """Return the sound of a text as it is made."""
    order = read_order(request.body)
    running = _running()
    _check_voice(order)
    utterance = unsaved_utterance(order.input, lang=order.lang, voice=order.voice_name)
    utterance.source = SOURCE
    is_gone = threading.Event()
    blocks = _blocks(running, utterance, order, is_gone)
    try:
        first = next(blocks, None)
    except SynthesisError as exc:
        raise _no_sound(reason_of(exc)) from exc
    if first is None:
        raise _no_sound(Reason("the text has nothing to speak"), 400)
    if request.headers.get(HISTORY) == "1":
        rest = _recorded(blocks, first, running, utterance)
    else:
        rest = chain([first], blocks)
    kind, make_encoder = FORMATS[order.response_format]
    return StreamingHttpResponse(
        _streamed(_encoded(rest, make_encoder()), is_gone),
        content_type=kind,
        headers={"Cache-Control": "no-store"},
    )


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """List the models."""
    return JsonResponse({"object": "list", "data": [_model(name) for name in MODELS]})


@require_safe
@_refusing
def model(request: HttpRequest, name: str) -> HttpResponse:
    """Describe a model."""
    if name not in MODELS:
        raise ApiError(_("There is no such model."), "model", code="model_not_found", status=404)
    return JsonResponse(_model(name))


@require_safe
def voices(request: HttpRequest) -> HttpResponse:
    """List the installed voices; this address is none of OpenAI's, but many programs ask here."""
    listed = [
        {
            "id": voice.name,
            "name": voice.title or voice.name,
            "languages": list(voice.langs) or spoken_languages(),
            "speakers": voice.speakers,
        }
        for voice in installed_voices(engine_config())
    ]
    return JsonResponse({"voices": listed})


def spoken_languages() -> list[str]:
    """Return the languages that are spoken here, for a voice that reads any."""
    named = [conf.TTS_LANG, *conf.TTS_LANGUAGES.split(",")]
    return list(dict.fromkeys(each.strip() for each in named if each.strip()))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "moxie"}


def _running() -> service.SpeechService:
    if (running := service.current()) is None:
        detail = _("The speech service does not run in this process.")
        raise ApiError(detail, code="not_running", status=503)
    return running


def _check_voice(order: Order) -> None:
    if not order.voice_name:
        return
    try:
        find_voice(order.voice_name, engine_config())
    except VoiceNotFoundError as exc:
        raise ApiError(translate(reason_of(exc)), "voice", code="unknown_voice") from exc
    except SynthesisError as exc:
        raise _no_sound(reason_of(exc)) from exc


def _no_sound(reason: str, status: int = 503) -> ApiError:
    return ApiError(translate(reason), code="no_sound", status=status)


def _blocks(
    running: service.SpeechService, utterance: Utterance, order: Order, is_gone: threading.Event
) -> Iterator[Block]:
    for request in requests_of(utterance, speed=order.speed, speaker=order.speaker):
        yield from running.speak_in_background(request, lambda: not is_gone.is_set())
        if is_gone.is_set():
            return


def _recorded(
    blocks: Iterator[Block],
    first: Block,
    running: service.SpeechService,
    utterance: Utterance,
) -> Iterator[Block]:
    """Pass the blocks on, and put the utterance into the history after the last one."""
    seconds = 0.0
    for block in chain([first], blocks):
        seconds += block.seconds
        yield block
    utterance.status = Utterance.Status.SPOKEN
    utterance.started_at = utterance.received_at
    utterance.finished_at = timezone.now()
    utterance.audio_seconds = round(seconds, 3)
    utterance.save(force_insert=True)
    running.tell_of(utterance)


def _encoded(blocks: Iterator[Block], encoder: Encoder) -> Iterator[bytes]:
    """Yield the parts of the file; all but the first block may still fail, which cuts it short."""
    resampler, rate = Resampler(RATE, RATE), RATE
    for block in blocks:
        if block.sample_rate != rate:  # of the first block, or of another voice
            yield encoder.encode(resampler.convert(b"", is_last=True))
            rate = block.sample_rate
            resampler = Resampler(rate, RATE)
        yield encoder.encode(resampler.convert(block.pcm))
    yield encoder.encode(resampler.convert(b"", is_last=True)) + encoder.finish()


async def _streamed(parts: Iterator[bytes], is_gone: threading.Event) -> AsyncIterator[bytes]:
    """Yield the parts that are not empty; set `is_gone` when nobody reads them any more."""
    following = sync_to_async(lambda: next(parts, None))
    try:
        while (part := await following()) is not None:
            if part:
                yield part
    finally:
        is_gone.set()
