"""Rules that rewrite a text, and where a language is spoken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Rule:
    """A pattern and the function that returns the words for a match."""

    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], Region], str]
    needs: str = ""
    """The rule is skipped where none of these characters is in the text; empty: never."""

    def apply(self, text: TrackedText, region: Region) -> TrackedText:
        """Return `text` with every match replaced."""
        return text.sub(self.pattern, lambda match: self.read(match, region))


def apply_rules(rules: Iterable[Rule], text: TrackedText, region: Region) -> TrackedText:
    """Apply `rules` in their order; skip those that cannot match."""
    present = set(text.text)
    for rule in rules:
        if rule.needs and present.isdisjoint(rule.needs):
            continue
        new = rule.apply(text, region)
        if new is not text:
            text, present = new, set(new.text)
    return text


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
