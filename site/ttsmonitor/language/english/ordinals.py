"""English ordinals and decades."""

from __future__ import annotations

import re

from num2words import num2words

from ttsmonitor.language.english.cardinals import PLAIN, cardinal, year_in_words
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule


def ordinal(number: int) -> str:
    """Return the ordinal of a number."""
    words = str(num2words(number, lang="en", to="ordinal"))
    return words.replace(" and ", " ").translate(PLAIN)


def plural(words: str) -> str:
    """Return the plural of a number: "eighties", "nineteen hundreds"."""
    return re.sub("y$", "ie", words) + "s"


def _read(match: re.Match[str], _region: Region) -> str:
    return ordinal(int(match["number"].replace(",", "")))


def _decade(match: re.Match[str], _region: Region) -> str:
    number = int(match["number"] or match["short"])
    return plural(cardinal(number) if number < 100 else year_in_words(number))


RULES = (
    Rule(
        re.compile(
            r"(?<![\w.,])(?P<number>\d{1,3}(?:,\d{3}){0,2}|\d{1,6})(?:st|nd|rd|th|ST|ND|RD|TH)"
            r"(?!\w)"
        ),
        _read,
        DIGITS,
        AT_DIGITS,
    ),
)
_AT_DECADE = re.compile(r"['’](?=\d)|\d(?<![\d'’].)")
DECADES = (
    Rule(
        re.compile(
            r"(?<![\w.,$€£])(?:['’](?P<short>[1-9]0)|(?P<number>1[1-9]\d0|20\d0|(?<=the\s)[1-9]0"
            r"|(?<=(?:his|her)\s)[1-9]0|(?<=(?:ly|id|te|in|ir|my)\s)[1-9]0))['’]?s(?!\w)"
        ),
        _decade,
        "s",
        _AT_DECADE,
    ),
)
"""Decades, which are no seconds."""
