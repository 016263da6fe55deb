"""Pieces of an utterance's text: whole sentences that are put into words together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ttsmirror.models import Utterance
from ttsmonitor.language.sentences import Sentences

PIECE_CHARACTERS = 1_000
"""Sentences are put into words together up to here: the first sound need not wait for more."""


@dataclass(frozen=True)
class Piece:
    """Whole sentences of a text."""

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


def pieces_of(utterance: Utterance) -> Iterator[Piece]:
    """Yield the pieces of what there is of an utterance."""
    return Pieces().take(utterance.text, is_complete=not utterance.is_streaming)
