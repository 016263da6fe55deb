"""Telephone numbers and other long codes: read digit by digit, group by group."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule, next_words, previous_words

_LONGEST_NUMBER = 10
"""Digits without separators; more of them are a code."""
_SHORTEST_CODE = 7
_GROUPED = re.compile(r"(?<![\w.,/-])\d{2,4}(?:[ -]\d{2,4}){2,4}(?![\w/]|[.,-]\d)")
_PLAIN = re.compile(r"(?<![\w.,/-])\d{7,15}(?![\d/a-z]|[.,-]\d)")
_INTERNATIONAL = re.compile(r"(?<![\w+])\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,6}(?!\d)")
_AREA_CODE = re.compile(r"(?<![\w.,/-])\(\d{2,4}\)\s?\d{3,4}[ .-]?\d{2,4}(?:[ -]\d{2,4})?(?![\d/])")
_TWO_GROUPS = re.compile(r"(?<![\w.,/-])\d{3}-\d{4}(?![\w/-]|[.,]\d)")


@dataclass(frozen=True)
class TelephoneWords:
    """How a language reads codes, and the words that it has before them."""

    digit_by_digit: Callable[[str], str]
    plus: str
    before_codes: frozenset[str]
    counts_nothing: Callable[[str], bool]
    """Return True if a word after a number is not a noun."""


def telephone_rules(words: TelephoneWords) -> tuple[Rule, ...]:
    """Return the rules for telephone numbers and long codes."""

    def is_code(match: re.Match[str]) -> bool:
        before = (word.strip(".:º°") for word in previous_words(match, 4))
        return not words.before_codes.isdisjoint(before)

    def counts(match: re.Match[str]) -> bool:
        after = next_words(match)
        return bool(after) and not words.counts_nothing(after[0].lower())

    def read(match: re.Match[str], _region: Region) -> str:
        said = ", ".join(words.digit_by_digit(group) for group in re.findall(r"\d+", match[0]))
        said += " " * match.string[match.end() : match.end() + 1].isalpha()
        return f"{words.plus} {said}" if match[0].startswith("+") else said

    def grouped(match: re.Match[str], region: Region) -> str:
        groups = re.findall(r"\d+", match[0])
        is_short = sum(map(len, groups)) < _SHORTEST_CODE
        is_number = " " in match[0] and _are_thousands(groups) and not is_code(match)
        if is_short or (is_number and (not _is_mobile(groups) or counts(match))):
            return match[0]
        return read(match, region)

    def plain(match: re.Match[str], region: Region) -> str:
        digits = match[0]
        is_number = digits.endswith("000") or counts(match)
        if len(digits) > _LONGEST_NUMBER or is_code(match) or not is_number:
            return read(match, region)
        return digits

    return (
        Rule(_INTERNATIONAL, read, "+"),
        Rule(_AREA_CODE, read, "("),
        Rule(_GROUPED, grouped, DIGITS, AT_DIGITS),
        Rule(_TWO_GROUPS, read, "-"),
        Rule(_PLAIN, plain, DIGITS, AT_DIGITS),
    )


def _are_thousands(groups: list[str]) -> bool:
    return len(groups[0]) < 4 and all(len(group) == 3 for group in groups[1:])


def _is_mobile(groups: list[str]) -> bool:
    """Return True if three groups are a telephone number of Spain rather than millions."""
    return len(groups) == 3 and len(groups[0]) == 3 and groups[0][0] in "6789"
