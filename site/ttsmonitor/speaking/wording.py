"""The requests that speak an utterance: one for each piece of its text or translation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ttsmirror.models import Utterance
from ttsmonitor.language.pipeline import SpokenText, spoken_text
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.pieces import Piece
from ttsmonitor.speaking.pronunciation_tables import pronunciations
from ttsmonitor.speaking.recognition import Recognition
from ttsmonitor.speaking.translation import Translation
from ttsmonitor.speaking.voice_choice import request_in
from ttsmonitor.synthesis.base import SpeechRequest


@dataclass(frozen=True)
class Wording:
    """A request for a piece, and the place in its text for each of the request's characters."""

    request: SpeechRequest
    spoken: SpokenText
    written_lang: str = ""
    """The language in which the piece was written; that of the request may be another."""
    start: int = 0

    def place_of(self, offset: int) -> int:
        """Return the place in the text that is shown for an offset into the request's text."""
        return self.start + self.spoken.place_of(offset)


def wordings(
    utterance: Utterance,
    pieces: Iterable[Piece],
    settings: Iterable[VoiceSetting] | None = None,
    translation: Translation | None = None,
) -> Iterator[Wording]:
    """Yield what is to be said of each piece; nothing if it has no words.

    Without `settings`, voice settings and pronunciations are read from the database. With a
    `translation`, what is in another language than TTS_LANG is translated first, which may wait.
    """
    if settings is None:
        settings = VoiceSetting.objects.all()
        pronunciations.refresh()
    settings = list(settings)
    recognition = Recognition(utterance, settings)
    for piece in pieces:
        lang = recognition.of(piece.text)
        parts = [(piece, lang)] if translation is None else translation.of(piece, lang)
        for part, part_lang in parts:
            table = pronunciations.table(part_lang)
            spoken = spoken_text(part.text, part_lang, table)
            if spoken.text:
                request = replace(
                    request_in(part_lang, utterance, settings),
                    text=spoken.text,
                    pauses=spoken.pauses,
                    phonemes=table.phonemes_in(spoken.text),
                )
                yield Wording(request, spoken, lang, part.start)
