"""Rules that rewrite a text, and where a language is spoken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from ttsmonitor.language.tracked_text import TrackedText

DIGITS = "0123456789"


@dataclass(frozen=True)
class Region:
    """The habits of a region that speaks a language."""

    decimal: str = "."
    """The character before decimals; the other one of comma and point groups thousands."""
    dollar: str = "dollar"
    """The key of the currency that `$` stands for."""
    month_first: bool = False
    words: frozenset[str] = frozenset()
    """Further habits, by names that the rules of the language know."""


AT_DIGITS = re.compile(r"\d(?<!\d.)")
"""The beginning of a run of digits."""
AT_FRACTION = re.compile(r"\d(?<!\d.)|[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒]")
"""The beginning of a run of digits, and characters that are fractions."""
AT_WORD_WITH_DOT = re.compile(r"[^\W\d_](?<![\w./@-].)[^\W\d_]{0,11}+(?=\.)", re.DOTALL)
"""The beginning of a word that a dot follows."""
AT_WORD_WITH_NUMBER = re.compile(
    r"[^\W\d_](?<!\w.)[^\W\d_]*+(?=[.,]{0,2}\s(?:del?\s)?\d|[/-]\d)", re.DOTALL
)
"""The beginning of a word that a number follows."""
AT_CODE = re.compile(r"[A-ZÑ](?<!\w.)(?=[A-ZÑ]{0,5}-?\d)|\d(?<!\w.)(?=\d{0,5}[A-ZÑ])", re.DOTALL)
"""A mixture of capitals and digits."""
AT_CAPITALS = re.compile(r"[A-ZÁÉÍÓÚÜÑ](?<!\w.)(?=[A-ZÁÉÍÓÚÜÑ\d&-])", re.DOTALL)
"""The beginning of two capitals, or of a capital and a digit."""


@dataclass(frozen=True)
class Rule:
    """A pattern and the function that returns the words for a match."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], Region], str]
    needs: str = ""
    """The rule is skipped where none of these characters is in the text; empty: never."""
    at: re.Pattern[str] | None = None
    """The pattern is tried only where this one matches, which is found much faster."""

    def apply(self, text: TrackedText, region: Region, starts: Sequence[int] = ()) -> TrackedText:
        """Return `text` with every match replaced; `starts` are the places of `at`."""
        places = _Places(self.pattern, starts) if self.at else self.pattern
        return text.sub(cast("re.Pattern[str]", places), lambda match: self._words(match, region))

    def _words(self, match: re.Match[str], region: Region) -> str:
        """Return the words, with a capital at the start of a sentence: it is what makes a pause."""
        words, start = self.read(match, region), match.start()
        if words[:1].islower() and not match[0][0].isalpha() and start > 1:
            before = match.string[start - 2 : start]
            if before[1].isspace() and before[0] in ".!?…":
                return words[0].upper() + words[1:]
        return words


@dataclass(frozen=True)
class _Places:
    """A pattern that is tried at some places only."""

    pattern: re.Pattern[str]
    starts: Sequence[int]

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the matches, as re.finditer() does."""
        end = 0
        match_at = self.pattern.match
        for start in self.starts:
            if start >= end and (match := match_at(text, start)):
                yield match
                end = match.end()


def apply_rules(rules: Iterable[Rule], text: TrackedText, region: Region) -> TrackedText:
    """Apply `rules` in their order; skip those that cannot match."""
    present, starts = set(text.text), _Starts(text.text)
    for rule in rules:
        if rule.needs and present.isdisjoint(rule.needs):
            continue
        if rule.at and not starts[rule.at]:
            continue
        new = rule.apply(text, region, starts[rule.at] if rule.at else ())
        if new is not text:
            text, present, starts = new, set(new.text), _Starts(new.text)
    return text


class _Starts(dict[re.Pattern[str], list[int]]):
    """The matches of the patterns of places in a text, found when first asked for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def __missing__(self, pattern: re.Pattern[str]) -> list[int]:
        found = self[pattern] = [match.start() for match in pattern.finditer(self._text)]
        return found


def previous_words(match: re.Match[str], count: int = 1) -> list[str]:
    """Return up to `count` lower-case words before the match, the nearest first."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    found: list[str] = []
    for word in reversed(before.split()[-count:]):
        bare = word.lstrip("¿¡([«“\"'‘").rstrip(":").lower()
        if not bare or bare[-1] in ",;.!?…)":
            break
        found.append(bare)
    return found


def previous_word(match: re.Match[str]) -> str:
    """Return the lower-case word before the match; empty at the start of a clause."""
    return next(iter(previous_words(match)), "")


_NEXT = re.compile(r"[ \u00a0]?([^\W\d_]{1,30})(?: ([^\W\d_]{1,30}))?(?: ([^\W\d_]{1,30}))?")


def next_words(match: re.Match[str]) -> list[str]:
    """Return up to three words after the match, up to the first punctuation mark."""
    found = _NEXT.match(match.string, match.end())
    return [word for word in found.groups() if word] if found else []
