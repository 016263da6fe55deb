"""Roman numerals."""

from __future__ import annotations

import re
import unicodedata

from ttsmonitor.language.rules import Region

ROMAN = r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?!\w)"
"""A well-formed numeral that ends where its word ends."""

AT_ROMAN = re.compile(r"[IVXLCDM](?<!\w.)(?=[IVXLCDM]*+(?!\w))")
"""The beginning of a word of such letters."""
ROMAN_CHARACTER = re.compile("[Ⅰ-ⅿ]+")
"""Numerals that are characters of their own, such as Ⅳ."""

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def value(numeral: str) -> int:
    """Return the value of a well-formed numeral."""
    values = [_VALUES[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-one if one < after else one for one, after in zip(values, following, strict=True))


def letters(match: re.Match[str], _region: Region) -> str:
    """Return a match of ROMAN_CHARACTER in letters."""
    return unicodedata.normalize("NFKC", match[0]).upper()
