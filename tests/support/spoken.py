"""The requests to the voice when an utterance is spoken."""

from __future__ import annotations

from collections.abc import Iterable

from ttsmirror.models import Utterance
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.pieces import Piece
from ttsmonitor.speaking.wording import wordings
from ttsmonitor.synthesis.base import SpeechRequest


def request_for(
    utterance: Utterance, text: str, settings: Iterable[VoiceSetting] | None = None
) -> SpeechRequest:
    """Return the request for `text` as `utterance` should sound."""
    return next(wordings(utterance, [Piece(text, 0)], settings)).request
