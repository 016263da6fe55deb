"""The description of a language for text normalization."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

OPENING = " ¿¡([«“\"'‘"
"""Spaces and marks that may stand before the first word of a sentence."""


@dataclass(frozen=True)
class Language:
    """Abbreviations of a language, and words that tell what a single letter means.

    Abbreviations are separated by spaces and stand without their last dot, as in `sr=señor`; `_`
    is a space. Before a capital letter the dot of `may_end` ends a sentence, that of `never_end`
    does not.
    """

    never_end: str = ""
    may_end: str = ""
    numbered: str = ""
    """Abbreviations before a number only; elsewhere they are words."""
    before_names: str = ""
    """Words after which initials belong to a name, as in "según J. Pérez"."""
    before_labels: str = ""
    """Words after which a letter is a label, as in "plan B."."""
    before_places: str = ""
    """Words after which several initials are no name, as in "en la U.R.S.S."."""
    own_words: str = ""
    """Common words by which a short text is known to be in this language."""
    own_letters: str = ""
    """Letters and marks that tell the same."""
    prepare: Callable[[str], str] = lambda text: text
    """Rewrites the text before its abbreviations are looked for."""


def like(written: str, words: str) -> str:
    """Keep a capital first letter: the phonemizer ends a sentence only before one."""
    return words[0].upper() + words[1:] if written[0].isupper() else words


def previous_word(match: re.Match[str]) -> str:
    """Return the word before the match in the same sentence; empty where there is none."""
    word = match.string[: match.start()].rstrip().rpartition(" ")[2].lstrip(OPENING)
    return "" if word.endswith(tuple(",;.!?…—–")) else word.rstrip(":")
