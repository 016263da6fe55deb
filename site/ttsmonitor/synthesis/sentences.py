"""Split text into sentences for synthesis, as a voice was trained on them.

A sentence is not split further: read in isolation, each piece would have a melody of its own. Only
one that is longer than anybody speaks is cut, where a speaker would pause.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_CLOSING = r"[\"'”’»)\]」』]*"
_END = re.compile(rf"[.!?…]+{_CLOSING}\s+|[。！？]+{_CLOSING}\s*")
_PAUSE = re.compile(rf"[,;:—–]{_CLOSING}\s+|[、，；：]+{_CLOSING}\s*")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Sentence:
    """A piece of text to be synthesized."""

    text: str
    start: int = 0
    """The place of its first character in the whole text."""


def sentences(text: str, most: int) -> Iterator[Sentence]:
    """Yield `text` (one line, as readable() makes it) in sentences of at most `most` characters."""
    start = len(text) - len(text.lstrip())
    text = text.rstrip()
    while start < len(text):
        end = min(_sentence_end(text, start), _longest(text, start, most))
        yield Sentence(text[start:end].rstrip(), start)
        start = end


def _sentence_end(text: str, start: int) -> int:
    for match in _END.finditer(text, start):
        # After an abbreviation a sentence goes on. The phonemizer tells both apart as well.
        if not (match[0].startswith(".") and text[match.end() : match.end() + 1].islower()):
            return match.end()
    return len(text)


def _longest(text: str, start: int, most: int) -> int:
    """Return where a sentence that is too long is cut: at a pause, else between two words."""
    if len(text) - start <= most:
        return len(text)
    for boundary in (_PAUSE, _SPACE):
        if ends := [match.end() for match in boundary.finditer(text, start, start + most)]:
            return ends[-1]
    end = start + most
    while end > start and unicodedata.category(text[end])[0] == "M":  # never before an accent
        end -= 1
    return end if end > start else start + most
