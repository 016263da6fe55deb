"""Text into pieces that are synthesized one after the other: a short one first, then longer ones.

The shorter the first piece, the sooner the sound; the longer the others, the better the melody. A
piece ends where a speaker would pause. Only where nobody pauses for long is it cut between words,
and then marked, so that no pause is heard there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat

LIMITS = (40, 100, 240)
"""Characters of the first piece, the second, and all others: each is made while the one before it
is heard, so it may be longer."""
STRETCH = 1.75
"""A piece may be so much longer, where that saves a cut between two words."""

_END = re.compile(r"(?P<mark>[.!?…]+|[,;:—–]|[)\]»”])[\"'”’»)\]]*\s+")
_WORD = re.compile(r"\s+")
_ABBREVIATIONS = frozenset(
    "sr sra sres sras srta dr dra drs prof profa d dña don ud uds vd vds lic ing arq gral cap cnel"
    " sto sta ntra s st av avda c ctra pza tel núm nro no pág págs p pp art cap vol ed fig ej p.ej"
    " etc aprox máx mín min max km cm mm kg gr hab a.c d.c ee uu ee.uu rr hh a.m p.m"
    " mr mrs ms jr vs eg ie e.g i.e inc ltd co approx dept est".split()
)
_MAY_END = frozenset(
    "etc uu ee.uu a.m p.m a.c d.c hab aprox máx mín min max km cm mm kg gr jr inc ltd co".split()
)
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
    """Nobody pauses after it: the next piece follows without a gap."""


def clauses(text: str) -> Iterator[Clause]:
    """Yield `text` (one line, as speakable() makes it) in pieces, in order."""
    text = text.strip()
    for limit in chain(LIMITS, repeat(LIMITS[-1])):
        if not text:
            return
        end, runs_on = _cut(text, limit)
        piece, text = text[:end].strip(), text[end:].strip()
        yield Clause(piece, runs_on and bool(text))


def _cut(text: str, limit: int) -> tuple[int, bool]:
    longest = round(limit * STRETCH)
    pauses = list(_pauses(text[: longest + 10]))
    if len(text) <= limit * 1.25:
        return len(text), False
    if within := [end for end in pauses if end <= limit]:
        return within[-1], False
    if later := [end for end in [*pauses, len(text)] if end <= longest]:
        return later[0], False
    return _between_words(text, limit), True


def _pauses(text: str) -> Iterator[int]:
    """Where a speaker would pause: after sentences and clauses, not within what looks like it."""
    for match in _END.finditer(text):
        if match["mark"] != "." or _ends_sentence(text, match):
            yield match.end()


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    before = text[: match.start()].rpartition(" ")[2].lstrip("¿¡(«\"'").lower()
    after = text[match.end() : match.end() + 1]
    if before in _MAY_END:
        return after.isupper() or after in "¿¡"
    is_initial = len(before) == 1 and before.isalpha()
    return not is_initial and before not in _ABBREVIATIONS


def _between_words(text: str, limit: int) -> int:
    """Before a word that joins, in the second half of what is in reach; else at the last space."""
    spaces = list(_WORD.finditer(text, 0, limit + 1))
    if not spaces:
        following = _WORD.search(text, limit)
        return following.end() if following else len(text)
    for space in reversed(spaces):
        word = _WORD.split(text[space.end() :], maxsplit=1)[0].lower()
        if space.start() >= limit / 3 and word in _JOINERS:
            return space.end()
    return spaces[-1].end()
