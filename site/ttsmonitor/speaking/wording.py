"""What is said of an utterance: pieces of its text, and the request for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ttsmirror.models import Utterance
from ttsmonitor.language.pipeline import SpokenText, spoken_text
from ttsmonitor.language.sentences import Sentences
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.pronunciation_tables import pronunciations
from ttsmonitor.speaking.voice_choice import Manners
from ttsmonitor.synthesis.base import SpeechRequest

PIECE_CHARACTERS = 1_000
"""Sentences are put into words together up to here: the first sound need not wait for more."""


@dataclass(frozen=True)
class Piece:
    """Whole sentences of a written text."""

    text: str
    start: int
    """The place where they begin in it."""


class Pieces:
    """Cuts a text, which may still grow, into pieces."""

    def __init__(self) -> None:
        """Begin with an empty text."""
        self._sentences = Sentences()
        self._fed = self._start = 0

    def take(self, text: str, *, is_complete: bool) -> Iterator[Piece]:
        """Yield what is complete now. `text` is all there is of it so far."""
        sentences = self._sentences.feed(text[self._fed :])
        self._fed = len(text)
        if is_complete or self._sentences.looks_complete:
            sentences.append(self._sentences.flush())
        piece = ""
        for sentence in sentences:
            if piece and len(piece) + len(sentence) > PIECE_CHARACTERS:
                yield self._cut(piece)
                piece = ""
            piece += sentence
        if piece:
            yield self._cut(piece)

    def _cut(self, text: str) -> Piece:
        start, self._start = self._start, self._start + len(text)
        return Piece(text, start)


@dataclass(frozen=True)
class Wording:
    """A request for a piece, and the place in the written text for each of its characters."""

    request: SpeechRequest
    spoken: SpokenText
    start: int = 0

    def place_of(self, offset: int) -> int:
        """Return the place in the utterance's text for an offset into the request's text."""
        return self.start + self.spoken.place_of(offset)


def wordings(
    utterance: Utterance, pieces: Iterable[Piece], settings: Iterable[VoiceSetting] | None = None
) -> Iterator[Wording]:
    """Yield what is to be said of each piece; nothing where it has no words.

    `settings` defaults to the rows of the database; then changed pronunciations are read, too.
    """
    if settings is None:
        pronunciations.refresh()
    manners = Manners(utterance, settings)
    for piece in pieces:
        manner = manners.of(piece.text)
        table = pronunciations.table(manner.lang)
        spoken = spoken_text(piece.text, manner.lang, table)
        if spoken.text:
            phonemes = table.phonemes_in(spoken.text)
            request = replace(manner, text=spoken.text, pauses=spoken.pauses, phonemes=phonemes)
            yield Wording(request, spoken, piece.start)


def pieces_of(utterance: Utterance) -> Iterator[Piece]:
    """Yield the pieces of what there is of an utterance."""
    return Pieces().take(utterance.text, is_complete=not utterance.is_streaming)
