"""A streamed answer split into sentences that can be spoken."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator

IDLE_SECONDS = 0.3
"""A model that is silent for so long after a full stop has ended its sentence."""

_END = re.compile(r"[.!?…]+[\"'”’»)\]*_]*\s+|\n+")
_AT_THE_END = re.compile(r"[.!?…]+[\"'”’»)\]*_]*\Z")
# The dot of a list's number, an initial or an abbreviation does not end a sentence.
_NO_END = re.compile(
    r"(?:^\s*\d+|\b(?:[^\W\d]|Sr|Sra|Srta|Dr|Dra|Mr|Mrs|Ms))\.\s*\Z", re.IGNORECASE
)
_THINKING = re.compile(r"<think>.*?(?:</think>\s*|\Z)", re.DOTALL)


class Sentences:
    """A splitter: feed() returns complete sentences, `rest` is the incomplete one."""

    def __init__(self) -> None:
        self.rest = ""
        self._raw = ""
        self._taken = 0

    def feed(self, words: str) -> list[str]:
        """Add words and return the sentences that are complete now.

        All sentences and `rest` join to the whole answer.
        """
        self._raw += words
        # A model's reasoning is not spoken.
        self.rest = _THINKING.sub("", self._raw).lstrip()[self._taken :]
        return list(self._sentences())

    @property
    def looks_complete(self) -> bool:
        """True where `rest` could be a whole sentence."""
        return self._is_speakable(self.rest) and bool(_AT_THE_END.search(self.rest))

    def flush(self) -> str:
        """Return `rest` as a sentence."""
        return self._take(len(self.rest))

    def _sentences(self) -> list[str]:
        found = []
        start = 0
        while (match := _END.search(self.rest, start)) is not None:
            start = match.end()
            sentence = self.rest[:start]
            if self._is_speakable(sentence) and not _NO_END.search(sentence):
                found.append(self._take(start))
                start = 0
        return found

    def _take(self, length: int) -> str:
        sentence, self.rest = self.rest[:length], self.rest[length:]
        self._taken += length
        return sentence

    @staticmethod
    def _is_speakable(words: str) -> bool:
        return any(character.isalnum() for character in words)


async def in_sentences(tokens: AsyncGenerator[str], sentences: Sentences) -> AsyncGenerator[str]:
    """Yield each sentence of `tokens` as soon as it is complete; `sentences` keeps the rest."""
    while True:
        token = asyncio.ensure_future(anext(tokens))
        try:
            if sentences.looks_complete:
                await asyncio.wait({token}, timeout=IDLE_SECONDS)
                if not token.done():
                    yield sentences.flush()
            words = await token
        except StopAsyncIteration:
            return
        finally:
            if not token.done():
                token.cancel()
                await asyncio.wait({token})
        for sentence in sentences.feed(words):
            yield sentence
