"""English cardinals and years."""

from __future__ import annotations

import functools
import re

from num2words import num2words

from ttsmonitor.language.amount import (
    Amount,
    parse,
)
from ttsmonitor.language.cardinal_rules import cardinal_rules
from ttsmonitor.language.rules import Region, next_words, previous_word

BRITISH = "british"
"""The habit of a region that says "a hundred and five" and "the tenth of December"."""
PLAIN = str.maketrans({",": None, "-": " "})
"""Takes out what is not heard: eSpeak NG reads some words with hyphens otherwise."""
_LONGEST = 15
"""Digits; longer numbers are read digit by digit."""
MONTHS = (
    "January February March April May June July August September October November December".split()
)
_BEFORE_YEARS = frozenset(
    (
        "in since year of by until till from before after during circa around class summer winter"
        " spring fall autumn early late mid to and copyright born © season "
        + " ".join(MONTHS).lower()
    ).split()
)


@functools.lru_cache(maxsize=2048)
def cardinal(number: int) -> str:
    """Return the words for a number."""
    return str(num2words(number, lang="en")).replace(" and ", " ").translate(PLAIN)


def year_in_words(year: int) -> str:
    """Return a year as people say it: "nineteen oh five", "twenty twenty-five"."""
    century, rest = divmod(year, 100)
    if not 10 < century < 100 or 2000 <= year < 2010:
        return cardinal(year)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"


def digit_by_digit(digits: str) -> str:
    """Return the names of the digits."""
    return " ".join(cardinal(int(digit)) for digit in digits)


@functools.lru_cache(maxsize=2048)
def digits_in_words(digits: str) -> str:
    """Return a number in words; digit by digit if it is a code rather than a number."""
    if len(digits) > _LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits)
    return cardinal(int(digits))


def amount_in_words(amount: Amount) -> str:
    """Return a number with its decimals in words."""
    words = digits_in_words(amount.whole)
    return f"{words} point {digit_by_digit(amount.decimals)}" if amount.decimals else words


def _read(match: re.Match[str], region: Region) -> str:
    text, start, end = match.string, match.start(), match.end()
    written = match[0]
    amount = parse(written, region.decimal)
    if amount is None:
        parts = re.split(r"([.,])", written)
        words = " ".join(
            {".": "point", ",": "comma"}.get(part) or digits_in_words(part)
            for part in parts
            if part
        )
    elif _is_year(match, written):
        words = year_in_words(int(written))
    else:
        words = amount_in_words(amount)
    lead = " " if text[start - 1 : start].isalnum() else ""
    return lead + words + (" " if text[end : end + 1].isalnum() else "")


def _is_year(match: re.Match[str], written: str) -> bool:
    if len(written) != 4 or not written.isdigit() or not 1100 <= int(written) <= 2099:
        return False
    after = [word.lower() for word in next_words(match)]
    counts = bool(after) and after[0].endswith("s") and after[0] not in ("was", "is", "has", "this")
    return previous_word(match) in _BEFORE_YEARS and not counts


RULES = cardinal_rules("point", digit_by_digit, digits_in_words, _read)
"""Whatever digits are left are read as numbers."""
