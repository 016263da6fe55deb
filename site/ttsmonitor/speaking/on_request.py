"""Speech for other programs: the words and the voice are those of the queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.speaking.pieces import pieces_of
from ttsmonitor.speaking.voice_choice import SPEEDS
from ttsmonitor.speaking.wording import wordings
from ttsmonitor.synthesis.base import SpeechRequest


def unsaved_utterance(text: str, *, lang: str = "", voice: str = "", mood: str = "") -> Utterance:
    """Return an utterance that is neither stored nor in the queue."""
    now = timezone.now()
    return Utterance(
        text=text,
        lang=lang,
        voice=voice,
        mood=mood,
        total_chunks=1,
        published_at=now,
        received_at=now,
    )


def requests_of(
    utterance: Utterance, *, speed: float = 1.0, speaker: int | None = None
) -> Iterator[SpeechRequest]:
    """Yield the requests that speak `utterance`, `speed` times as fast as it would be.

    `speaker` replaces the one of the settings. Reads settings and pronunciations.
    """
    slowest, fastest = SPEEDS
    for wording in wordings(utterance, pieces_of(utterance)):
        request = wording.request
        yield replace(
            request,
            speed=min(fastest, max(slowest, request.speed * speed)),
            speaker=request.speaker if speaker is None else speaker,
        )
