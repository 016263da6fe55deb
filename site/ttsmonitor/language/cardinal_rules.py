"""The last rules of a language: whatever digits are left are read as numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

from ttsmonitor.language.amount import AT_SUPERSCRIPT, NUMBER, SUPERSCRIPTS, as_digits
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule


def cardinal_rules(
    point: str,
    digit_by_digit: Callable[[str], str],
    digits_in_words: Callable[[str], str],
    read: Callable[[re.Match[str], Region], str],
) -> tuple[Rule, ...]:
    """Return the rules of a language.

    `point` is its word for a decimal point, `digit_by_digit` and `digits_in_words` read digits,
    and `read` reads a match of NUMBER.
    """
    return (
        Rule(re.compile(r"\.(?<![\w.].)(?=\d)"), lambda _match, _region: f"{point} ", "."),
        Rule(re.compile(r"-(?<=[^\W\d_]-)(?=\d)"), lambda _match, _region: " ", "-"),
        Rule(
            re.compile(r"\d{16,}"),
            lambda match, _region: f" {digit_by_digit(match[0])} ",
            DIGITS,
            AT_DIGITS,
        ),
        Rule(
            AT_SUPERSCRIPT,
            lambda match, _region: f" {digits_in_words(as_digits(match[0]))} ",
            SUPERSCRIPTS,
        ),
        Rule(re.compile(NUMBER), read, DIGITS, AT_DIGITS),
    )
