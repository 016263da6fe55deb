"""Fractions in Spanish."""

from __future__ import annotations

import re
import unicodedata

from ttsmonitor.language.rules import (
    AT_DIGITS,
    AT_FRACTION,
    Region,
    Rule,
    next_words,
    previous_word,
    previous_words,
)
from ttsmonitor.language.spanish.cardinals import Form, cardinal
from ttsmonitor.language.spanish.nouns import Gender, gender_of, is_function_word, singular
from ttsmonitor.language.spanish.ordinals import ordinal
from ttsmonitor.language.spanish.units import PER_UNIT, per_unit

_CHARACTERS = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅐⅛⅜⅝⅞⅑⅒"
_PARTS = ("", "", *"medio tercio cuarto quinto sexto séptimo octavo noveno décimo".split())
_LARGE_PARTS = {100: "centésimo", 1000: "milésimo"}
_BEFORE_MARKS = frozenset("un nota saqué sacó sacas saco puntuación obtuvo tengo".split())
_EQUALS = re.compile(r"\s?=")
_SIGNS = tuple("+−×÷*=")
_OPERATORS = frozenset({"más", "menos", "por", "entre"})
_NEXT_SIGN = re.compile(r"\s?[+−×÷*=]|\s[-x]\s?[\d½¼¾]")
_PEOPLE = frozenset(
    "niños niñas personas alumnos alumnas estudiantes familias padres madres dentistas".split()
)
_MARKS = (5, 10, 20, 100)
"""Best marks at school: 9/10 is "nueve sobre diez"."""


def fraction_in_words(over: int, under: int) -> str:
    """Return a fraction without its noun: "un cuarto", "tres octavos"."""
    if under < len(_PARTS):
        part = _PARTS[under]
    else:
        part = _LARGE_PARTS.get(under) or _compound_part(under)
    return f"{cardinal(over, Form.MASCULINE)} {part}{'' if over == 1 else 's'}"


def _compound_part(under: int) -> str:
    stem = cardinal(under).replace(" ", "").replace("é", "e").replace("ó", "o")
    return stem.removesuffix("a") + "avo"


def _split(written: str) -> tuple[int, int]:
    over, under = re.split("[/⁄]", unicodedata.normalize("NFKC", written))
    return int(over), int(under)


def _is_mark(over: int, under: int) -> bool:
    return not 1 < under <= 1000 or over > 99 or (over >= under and under in _MARKS)


def _read(match: re.Match[str], _region: Region) -> str:
    over, under = _split(match["fraction"])
    after = [word.lower() for word in next_words(match)]
    noun = after[0] if after and not is_function_word(after[0]) else ""
    is_sum = bool(_EQUALS.match(match.string, match.end()))
    if over == under and under not in _MARKS and not is_sum:
        return f"{over} {under}"
    if _is_mark(over, under) or (under in _MARKS and previous_word(match) in _BEFORE_MARKS):
        return f"{over} sobre {under}"
    if over % under == 0 or (over > under and is_sum):
        return f"{over} entre {under}"
    if noun in _PEOPLE and over < under:
        return f"{over} de cada {under}"
    if noun in ("parte", "partes"):
        part = "tercera" if under == 3 else ordinal(under, Gender.FEMININE)
        return f"{cardinal(over, Form.FEMININE)} {part}{'' if over == 1 else 's'}"
    if (over, under) == (1, 2):
        before = previous_words(match, 3)
        if before[:1] == ["y"] and before[2:] in (["las"], ["la"]):
            return "media"
        if before[:1] == ["la"] and after[:1] == ["de"]:
            return "mitad"
        if not noun and _is_operand(match):
            return "un medio"
        return _half(before[1] if not noun and before[:1] == ["y"] and len(before) > 1 else noun)
    return fraction_in_words(over, under) + (" de" if noun else "")


def _half(noun: str) -> str:
    return "media" if noun and gender_of(noun) is Gender.FEMININE else "medio"


def _is_operand(match: re.Match[str]) -> bool:
    """Return True if the fraction is a number of a sum and not a part of a thing."""
    return bool(
        match.string[max(0, match.start() - 3) : match.start()].rstrip().endswith(_SIGNS)
        or _NEXT_SIGN.match(match.string, match.end())
        or previous_word(match) in _OPERATORS
    )


def _mixed(match: re.Match[str], _region: Region) -> str:
    """Put the fraction behind its noun: "dos tazas y media"."""
    over, under = _split(match["fraction"])
    whole, noun = match["whole"], match["noun"] or ""
    if _is_mark(over, under) or over >= under:
        return match[0]
    if not noun or is_function_word(noun.lower()):
        return f"{whole} y {_rest(over, under, '')}" + (f" {noun}" if noun else "")
    one = singular(noun)
    return f"{whole} {one if whole == '1' else noun} y {_rest(over, under, one)}"


def _rest(over: int, under: int, noun: str) -> str:
    return _half(noun) if (over, under) == (1, 2) else fraction_in_words(over, under)


def _of_a_unit(match: re.Match[str], _region: Region) -> str:
    over, under = _split(match["fraction"])
    whole, name = match["whole"], per_unit(match["unit"])
    if _is_mark(over, under):
        return match[0]
    if whole:
        units = name if whole == "1" else name + "s"
        return f"{whole} {units} y {_rest(over, under, name)}"
    if (over, under) == (1, 2):
        return f"{_half(name)} {name}"
    return f"{fraction_in_words(over, under)} de {name}"


_NEEDS = "/⁄" + _CHARACTERS
_START = r"(?<![\w/.,-])"
_WHOLE = r"(?P<whole>\d{1,3})\s?"
_FRACTION = rf"(?P<fraction>[{_CHARACTERS}]|(?<!\d)\d{{1,4}}[/⁄]\d{{1,4}}(?![\w/]|[.,]\d))"
RULES = (
    Rule(
        re.compile(r"(?<![\w/.,-])24/7(?![\w/])"),
        lambda _match, _region: "veinticuatro siete",
        "7",
        AT_DIGITS,
    ),
    Rule(
        re.compile(rf"{_START}(?:{_WHOLE})?{_FRACTION}\s?(?P<unit>{PER_UNIT})(?![\w²³/])"),
        _of_a_unit,
        _NEEDS,
        AT_FRACTION,
    ),
    Rule(
        re.compile(rf"{_START}{_WHOLE}{_FRACTION}(?:\s(?P<noun>[a-záéíóúñ]{{1,20}})(?![\w/]))?"),
        _mixed,
        _NEEDS,
        AT_FRACTION,
    ),
    Rule(re.compile(rf"(?<![\w/.,]){_FRACTION}"), _read, _NEEDS, AT_FRACTION),
)
