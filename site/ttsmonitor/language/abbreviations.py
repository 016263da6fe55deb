"""Abbreviations, initials and the dots after them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ttsmonitor.language.rules import AT_WORD_WITH_DOT, Region, Rule

OPENING = " ¿¡([«“\"'‘"
"""Spaces and marks that may stand before the first word of a sentence."""
_LETTER = r"[^\W\d_]\."
_AHEAD = re.compile(r"[)\]»”\"’']*(?:\s+[(\[«“\"'‘]*|$)")


@dataclass(frozen=True)
class Context:
    """Words that tell what initials and single letters mean."""

    names: frozenset[str]
    """Words after which initials belong to a name, as in "según J. Pérez"."""
    labels: frozenset[str]
    """Words after which a letter is a label, as in "plan B."."""
    places: frozenset[str]
    """Words after which several initials are no name, as in "en la U.R.S.S."."""


class Abbreviations:
    """Replaces the abbreviations of a language.

    Tables are separated by spaces. Each entry stands without its last dot, as in `sr=señor`; `_`
    is a space. Before a capital letter the dot of `may_end` ends a sentence, that of `never_end`
    does not. Those of `numbered` count before a number only.
    """

    def __init__(
        self, context: Context, never_end: str = "", may_end: str = "", numbered: str = ""
    ) -> None:
        self._context = context
        self._words = _table(never_end) | _table(may_end)
        self._may_end = frozenset(_table(may_end))
        self._numbered = _table(numbered)
        pattern = re.compile(
            rf"(?<![\w./@-])(?:(?P<numbered>{_any(self._numbered)})\.\s?(?=\d|[IVXL]{{2,9}}\b|"
            rf"[VX]\b(?!\.))"
            rf"|(?:(?P<word>{_any(self._words)})\.|(?P<letters>(?:{_LETTER}\s?){{0,9}}{_LETTER}))"
            rf"(?![\w@/]))"
        )
        self.rule = Rule(pattern, self._read, ".", AT_WORD_WITH_DOT)

    def _read(self, match: re.Match[str], _region: Region) -> str:
        """Return the words for an abbreviation."""
        if match["numbered"]:
            return like(match[0], self._numbered[_key(match["numbered"])]) + " "
        if match["letters"]:
            return self._letters(match)
        key = _key(match["word"])
        return like(match[0], self._words[key]) + sentence_dot(match, key in self._may_end)

    def _letters(self, match: re.Match[str]) -> str:
        """Read initials and abbreviations of letters as letters, without their dots."""
        letters = "".join(match[0].split())[:-1]
        if len(letters) == 1 and letters.islower():
            return match[0]  # a word, or a label
        if next_character(match).isdigit():
            return f"{letters}."
        return letters + sentence_dot(match, not self._is_before_a_name(match))

    def _is_before_a_name(self, match: re.Match[str]) -> bool:
        """As in "según J. Pérez"; not as in "el plan B. Luego"."""
        previous = _previous_word(match)
        word = previous.lower()
        if word in self._context.labels or match[0] == "I.":
            return False
        if match[0].count(".") > 1:
            return word not in self._context.places
        return not word or word in self._context.names or previous[0].isupper()


def like(written: str, words: str) -> str:
    """Keep a capital first letter: the phonemizer ends a sentence only before one."""
    return words[0].upper() + words[1:] if written[0].isupper() else words


def sentence_dot(match: re.Match[str], before_capitals: bool = True) -> str:
    """Return a dot where the match ends a sentence."""
    following = next_character(match)
    if match.string[match.end() :].startswith((")", "]")) and following:
        return ""
    return "." if following in "¿¡" or (before_capitals and following.isupper()) else ""


def next_character(match: re.Match[str]) -> str:
    """Return the next character past quotes, brackets and spaces; empty at the end."""
    ahead = _AHEAD.match(match.string, match.end())
    start = ahead.end() if ahead else match.end()
    return match.string[start : start + 1]


def _previous_word(match: re.Match[str]) -> str:
    """Return the word before the match in the same sentence; empty where there is none."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    word = before.rstrip().rpartition(" ")[2].lstrip(OPENING)
    return "" if word.endswith(tuple(",;.!?…—–")) else word.rstrip(":")


def _table(words: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in words.split())
    return {short: (long or short).replace("_", " ") for short, _is, long in pairs}


def _any(keys: Iterable[str]) -> str:
    """Build a pattern of `keys`.

    Keys with inner dots match as they stand, with or without a space after a dot. Others ignore
    case.
    """
    longest_first = sorted(keys, key=len, reverse=True)
    patterns = (
        key.replace(".", r"\.\s?") if "." in key else f"(?i:{key})" for key in longest_first
    )
    return "|".join(patterns) or r"(?!)"


def _key(written: str) -> str:
    key = "".join(written.split())
    return key if "." in key else key.lower()
