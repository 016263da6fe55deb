"""Split text into pieces for synthesis: a short one first, then longer ones.

A shorter first piece is heard sooner; longer pieces have a better intonation. A piece ends where a
speaker would pause. A long text without a pause is split between words, and the piece is marked, so
that no pause is heard there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat

LIMITS = (32, 100, 240)
"""Maximum characters of the first piece, the second, and all others. Each is synthesized while the
previous one is heard, so it may be longer."""
GREETING = range(6, 15)
"""Length of a greeting that is split off, with its space: from `Hola,` to `Buenos días,`. It is
synthesized in half the time, and the intonation does not suffer."""
STRETCH = 1.75
"""Factor by which a piece may exceed its limit to end at a pause instead of between two words."""

_CLOSING = r"[\"'”’»)\]」』]*"
_END = re.compile(rf"(?:[.!?…]+|[,;:—–]){_CLOSING}\s+|[。！？、，；：]+{_CLOSING}\s*")
_WORD = re.compile(r"\s+")
_JOINERS = frozenset(
    "y e o u ni que pero porque pues aunque cuando donde como si para por con sin mientras hasta"
    " desde sobre entre and or but because that which who when where if for with without while"
    " until from about between so then".split()
)


@dataclass(frozen=True)
class Clause:
    """A piece of text to be synthesized."""

    text: str
    runs_on: bool = False
    """No pause follows it: the next piece is joined without a gap."""


def clauses(text: str) -> Iterator[Clause]:
    """Yield `text` (one line, as readable() makes it) in pieces, in order."""
    text = text.strip()
    for limit in chain(LIMITS, repeat(LIMITS[-1])):
        if not text:
            return
        end, runs_on = _cut(text, limit)
        piece, text = text[:end].strip(), text[end:].strip()
        yield Clause(piece, runs_on and bool(text))


def _cut(text: str, limit: int) -> tuple[int, bool]:
    longest = round(limit * STRETCH)
    pauses = [match.end() for match in _END.finditer(text[: longest + 10])]
    if len(text) <= limit * 1.25:
        return (limit == LIMITS[0] and _greeting(text, pauses)) or len(text), False
    if within := [end for end in pauses if end <= limit]:
        return within[-1], False
    if later := [end for end in [*pauses, len(text)] if end <= longest]:
        return later[0], False
    return _between_words(text, limit) or _within_a_word(text, longest), True


def _greeting(text: str, pauses: list[int]) -> int:
    """Return where a greeting at the start of the text ends, if more follows; else 0."""
    if pauses and pauses[0] in GREETING and len(text) - pauses[0] >= GREETING[0]:
        return pauses[0]
    return 0


def _between_words(text: str, limit: int) -> int:
    """Return a place to split between words, or 0 if there is none.

    Prefer the place before a joining word in the second half of the reach, else the last space.
    """
    spaces = list(_WORD.finditer(text, 0, limit + 1))
    for space in reversed(spaces):
        word = _WORD.split(text[space.end() :], maxsplit=1)[0].lower()
        if space.start() >= limit / 3 and word in _JOINERS:
            return space.end()
    return spaces[-1].end() if spaces else 0


def _within_a_word(text: str, longest: int) -> int:
    """Split at the first space in reach, else at the end of the reach, never before an accent."""
    if space := _WORD.search(text, 0, longest):
        return space.end()
    end = longest
    while end and unicodedata.category(text[end])[0] == "M":
        end -= 1
    return end or longest
