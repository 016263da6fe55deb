"""Spanish cardinals, in the form that the word after them asks for."""

from __future__ import annotations

import enum
import functools
import re

from num2words import num2words

from ttsmonitor.language.amount import (
    Amount,
    parse,
)
from ttsmonitor.language.cardinal_rules import cardinal_rules
from ttsmonitor.language.rules import Region, next_words, previous_words
from ttsmonitor.language.spanish.nouns import Gender, gender_of, is_function_word, is_label


class Form(enum.Enum):
    """How a number ends."""

    ALONE = enum.auto()
    """Veintiuno, as in "el número veintiuno"."""
    MASCULINE = enum.auto()
    """Veintiún, as in "veintiún lápices"."""
    FEMININE = enum.auto()
    """Veintiuna, as in "veintiuna páginas"."""


_BEFORE_THOUSANDS = re.compile(r"uno (?=mil|billon|trillon)")
_LAST_THOUSANDS = re.compile(r"(?:.*(?:ones|ón)\b)?", re.DOTALL)
_SLASH = re.compile(r" barra \d")
_SCALES = {"mil", "millón", "millones", "billón", "billones"}
_LONGEST = 15
"""Digits; longer numbers are read digit by digit."""


@functools.lru_cache(maxsize=2048)
def cardinal(number: int, form: Form = Form.ALONE) -> str:
    """Return the words for a number."""
    words = _BEFORE_THOUSANDS.sub("un ", str(num2words(number, lang="es")))
    if form is Form.FEMININE:
        millions = _LAST_THOUSANDS.match(words)
        head = millions.end() if millions else 0
        words = words[:head] + words[head:].replace("cientos", "cientas").replace(
            "quinientos", "quinientas"
        )
        words = re.sub("uno$", "una", words)
    elif form is Form.MASCULINE:
        words = re.sub("uno$", "un", words)
    return re.sub(r"veintiun\b", "veintiún", words)


def digit_by_digit(digits: str) -> str:
    """Return the names of the digits."""
    return " ".join(cardinal(int(digit)) for digit in digits)


@functools.lru_cache(maxsize=2048)
def digits_in_words(digits: str, form: Form = Form.ALONE) -> str:
    """Return a number in words; digit by digit if it is a code rather than a number."""
    if len(digits) > _LONGEST or (len(digits) > 1 and digits[0] == "0"):
        return digit_by_digit(digits)
    return cardinal(int(digits), form)


def amount_in_words(amount: Amount, form: Form = Form.ALONE) -> str:
    """Return a number with its decimals in words."""
    if not amount.decimals:
        return digits_in_words(amount.whole, form)
    mark = "coma" if amount.mark == "," else "punto"
    return f"{digits_in_words(amount.whole)} {mark} {decimals_in_words(amount.decimals)}"


def decimals_in_words(decimals: str) -> str:
    """Return decimals in words: up to three as a number, after their leading zeros."""
    if len(decimals) > 3:
        return digit_by_digit(decimals)
    rest = decimals.lstrip("0")
    zeros = ["cero"] * (len(decimals) - len(rest))
    return " ".join([*zeros, cardinal(int(rest))] if rest else zeros)


def form_in_place(match: re.Match[str], amount: Amount) -> Form:
    """Return the form that the words around a number ask for."""
    before, after = previous_words(match, 2), next_words(match)
    last = before[0] if before else ""
    is_score = last == "a" and len(before) > 1 and before[1].isdigit() and after[:1] == ["final"]
    if is_score or is_label(last) or (last == "los" and not after):
        return Form.ALONE
    noun = "" if _SLASH.match(match.string, match.end()) else _noun(after)
    if noun and not amount.is_one and not _can_be_counted(after):
        return Form.ALONE
    if not noun:
        return Form.FEMININE if last in ("la", "las") else Form.ALONE
    if last in ("el", "al", "del", "la") and not noun.endswith("s"):
        return Form.FEMININE if last == "la" else Form.ALONE
    return Form.FEMININE if gender_of(noun, after[0]) is Gender.FEMININE else Form.MASCULINE


def _noun(after: list[str]) -> str:
    """Return the noun that is counted; empty if there is none."""
    words = [word.lower() for word in after]
    if words and words[0] in ("mil",):
        return _noun(after[1:]) or "miles"
    if words and words[0] in _SCALES:
        return "millones"
    if not words or is_function_word(words[0]) or after[0].isupper():
        return ""
    return _head(words)


def _head(words: list[str]) -> str:
    """Return the noun, past adjectives that tell no gender."""
    ambiguous = {"grandes", "gran", "mejores", "peores", "enormes", "diferentes", "posibles"}
    for word in words[:-1]:
        if word not in ambiguous:
            return word
        words = words[1:]
    return words[0]


def _read(match: re.Match[str], region: Region) -> str:
    text, start, end = match.string, match.start(), match.end()
    amount = parse(match[0], region.decimal)
    if amount is None:
        words = _parts_in_words(match[0])
    else:
        words = amount_in_words(amount, form_in_place(match, amount))
        if int(amount.whole) and not amount.decimals and amount.whole.endswith("000000"):
            words += _of_millions(next_words(match))
    lead = " " if text[start - 1 : start].isalnum() else ""
    return lead + words + (" " if text[end : end + 1].isalnum() else "")


def _can_be_counted(after: list[str]) -> bool:
    """Return True if the words after a number name several things."""
    return any(word.lower() in _SCALES or word.lower().endswith("s") for word in after[:2])


def _of_millions(after: list[str]) -> str:
    return " de" if after and not is_function_word(after[0].lower()) else ""


def _parts_in_words(written: str) -> str:
    """Read a version or an address part by part."""
    parts = re.split(r"([.,])", written)
    names = {".": "punto", ",": "coma"}
    return " ".join(names.get(part) or digits_in_words(part) for part in parts if part)


RULES = cardinal_rules("punto", digit_by_digit, digits_in_words, _read)
"""Whatever digits are left are read as numbers."""
