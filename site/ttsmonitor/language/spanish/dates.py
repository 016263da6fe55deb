"""Dates in Spanish."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import like, sentence_dot
from ttsmonitor.language.calendar import NUMERIC_DATE, Date, day_and_month, numeric_date
from ttsmonitor.language.rules import (
    AT_DIGITS,
    AT_WORD_WITH_DOT,
    AT_WORD_WITH_NUMBER,
    DIGITS,
    Region,
    Rule,
    next_words,
    previous_word,
)
from ttsmonitor.language.spanish.cardinals import cardinal

_MONTHS = (
    "",
    *"enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre".split(),
    "diciembre",
)
_SHORT_MONTHS = {
    "ene": 1,
    "feb": 2,
    "mar": 3,
    "abr": 4,
    "may": 5,
    "jun": 6,
    "jul": 7,
    "ago": 8,
    "sep": 9,
    "sept": 9,
    "set": 9,
    "oct": 10,
    "nov": 11,
    "dic": 12,
}
_WEEKDAYS = {
    "lun": "lunes",
    "mar": "martes",
    "mié": "miércoles",
    "mie": "miércoles",
    "miér": "miércoles",
    "miérc": "miércoles",
    "jue": "jueves",
    "vie": "viernes",
    "sáb": "sábado",
    "sab": "sábado",
    "dom": "domingo",
}
_MONTH = "|".join(sorted((*_SHORT_MONTHS, *_MONTHS[1:], "setiembre"), key=len, reverse=True))
_SHORT_MONTH = "|".join(sorted(_SHORT_MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_DATED = frozenset(
    "el día del al lunes martes miércoles jueves viernes sábado domingo lun mar mié jue vie sáb"
    " dom fecha hoy mañana desde"
    " hasta".split()
)
FIRST_IS_ORDINAL = "primero"
"""The habit of a region that calls the first day of a month "primero"."""


def date_in_words(date: Date, region: Region) -> str:
    """Return a date as people say it."""
    words = f"{day_in_words(date.day, region)} de {_MONTHS[date.month]}"
    return words if date.year is None else f"{words} de {cardinal(date.year)}"


def day_in_words(day: int, region: Region) -> str:
    """Return the number of a day."""
    return "primero" if day == 1 and FIRST_IS_ORDINAL in region.words else cardinal(day)


def _numeric(match: re.Match[str], region: Region) -> str:
    date = numeric_date(match, region.month_first)
    return date_in_words(date, region) if date else re.sub("[-/]", " barra ", match[0])


def _short_numeric(match: re.Match[str], region: Region) -> str:
    after = next_words(match)
    date = day_and_month(int(match["one"]), int(match["two"]), region.month_first)
    if (
        date is None
        or (after and after[0] in ("de", "parte", "partes"))
        or (previous_word(match) not in _DATED and not _is_in_brackets(match))
    ):
        return match[0]
    return date_in_words(date, region)


def _is_in_brackets(match: re.Match[str]) -> bool:
    """Return True if the numbers stand for themselves, as in "hoy (30/11)"."""
    around = (
        match.string[match.start() - 1 : match.start()],
        match.string[match.end() : match.end() + 1],
    )
    return around == ("(", ")") and int(match["one"]) > len(_MONTHS)


def _named(match: re.Match[str], region: Region) -> str:
    written = match["month"].lower()
    is_short = written in _SHORT_MONTHS
    if is_short and not (
        match["dot"] or match["year"] or match["of"].strip(" -/") or match["of"] in "-/"
    ):
        if written in ("mar", "may", "set"):
            return match[0]
    month = _MONTHS[_SHORT_MONTHS[written]] if is_short else match["month"]
    words = f"{_first(match['day'], region)} de {month}"
    if match["year"]:
        year = match["year"].lstrip("'’")
        return f"{words} de {_century(year)}"
    return words + (sentence_dot(match) if is_short and match["dot"] else match["dot"])


def _century(year: str) -> str:
    return year if len(year) == 4 else str(int(year) + (2000 if int(year) < 70 else 1900))


def _first(day: str, region: Region) -> str:
    return day_in_words(int(day), region) if int(day) == 1 else str(int(day))


def _month_of_year(match: re.Match[str], _region: Region) -> str:
    written = match["month"].lower()
    month = _MONTHS[_SHORT_MONTHS[written]] if written in _SHORT_MONTHS else match["month"]
    return f"{month} de {match['year']}"


def _school_year(match: re.Match[str], _region: Region) -> str:
    first, last = match["first"], match["last"]
    follows = int(last) % 100 == (int(first) + 1) % 100
    is_year = (len(first) == 4 and follows) or previous_word(match) in _SEASONS
    return f"{first} {last}" if is_year else match[0]


def _weekday(match: re.Match[str], _region: Region) -> str:
    name = _WEEKDAYS[match["weekday"].lower()]
    return name.capitalize() if match["weekday"][0].isupper() else name


def _weekdays(match: re.Match[str], region: Region) -> str:
    if match[0].lower().rstrip(".") in ("mar a mar", "mar y mar", "mar-mar"):
        return match[0]  # the sea
    found = re.compile(rf"(?P<weekday>{_WEEKDAY})\.?", re.IGNORECASE)
    words = found.sub(lambda each: _weekday(each, region), match[0])
    dot = sentence_dot(match) if match[0].endswith(".") else ""
    return re.sub(r"\s?[-–]\s?", " a ", words) + dot


def _short_month(match: re.Match[str], _region: Region) -> str:
    if match["month"] == "ene" and previous_word(match) not in ("en", "desde", "hasta"):
        return match[0]  # the name of the letter N
    return like(match[0], _MONTHS[_SHORT_MONTHS[match["month"].lower()]]) + sentence_dot(match)


def _months(match: re.Match[str], _region: Region) -> str:
    """Read "ene-mar" as "enero a marzo"."""
    first, last = (_MONTHS[_SHORT_MONTHS[match[each].lower()]] for each in ("from", "to"))
    dot = sentence_dot(match) if match[0].endswith(".") else ""
    return f"{like(match['from'], first)} a {like(match['to'], last)}{dot}"


_SEASONS = frozenset("curso temporada campaña".split())
_LAST_DAYS = {"V": "viernes", "S": "sábado", "D": "domingo"}
_AT_WEEKDAY = re.compile(r"[LMJVSDlmjvsd](?<!\w.)(?=[a-zé]{2,4}[-–.\s])", re.DOTALL)
_LISTED = rf"(?:{_WEEKDAY})"
RULES = (
    Rule(
        re.compile(r"\bL\s?[-–]\s?(?P<last>[VSD])\b"),
        lambda match, _region: f"lunes a {_LAST_DAYS[match['last']]}",
        "L",
    ),
    Rule(
        re.compile(
            rf"\b(?!mar\s\d{{1,2}}\s(?!de\s|{_MONTH}))(?P<weekday>{_WEEKDAY})\.?"
            r"(?=,?\s\d{1,2}(?:\s|[-/]|$|[.,]))",
            re.IGNORECASE,
        ),
        _weekday,
        DIGITS,
        AT_WORD_WITH_NUMBER,
    ),
    Rule(NUMERIC_DATE, _numeric, DIGITS, AT_DIGITS),
    Rule(
        re.compile(
            r"(?<![\w.,/-])(?P<first>\d{2}|[12]\d{3})/(?P<last>\d{2}|[12]\d{3})(?![\w/-]|[.,]\d)"
        ),
        _school_year,
        "/",
        AT_DIGITS,
    ),
    Rule(
        re.compile(r"(?<![\w./-])(?P<one>\d{1,2})/(?P<two>\d{1,2})(?![\w/]|[.,]\d)"),
        _short_numeric,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"\b{_LISTED}(?:(?:\.?\s?[-–]\s?|\.?,\s|\.?\sy\s|\.?\sa\s){_LISTED}\b\.?(?!\w)){{1,6}}",
            re.IGNORECASE,
        ),
        _weekdays,
        "",
        _AT_WEEKDAY,
    ),
    Rule(
        re.compile(
            rf"\b(?P<from>{_SHORT_MONTH})\.?\s?[-–]\s?(?P<to>{_SHORT_MONTH})\b\.?", re.IGNORECASE
        ),
        _months,
        "-–",
    ),
    Rule(
        re.compile(
            rf"(?<![\w./-])(?P<day>0?[1-9]|[12]\d|3[01])(?P<of>\sde\s|[-/ ])(?P<month>{_MONTH})\b"
            rf"(?P<dot>\.?)"
            r"(?:(?:\sdel?\s|,?\s|[-/])(?P<year>[12]\d{3}|(?<=[-/])\d{2}|['’]\d{2})(?![\w/-]|"
            r"[.,]\d))?",
            re.IGNORECASE,
        ),
        _named,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"\b(?P<month>{_MONTH})\.?(?:\sde)?"
            rf"[\s/-](?P<year>[12]\d{{3}})\b",
            re.IGNORECASE,
        ),
        _month_of_year,
        DIGITS,
        AT_WORD_WITH_NUMBER,
    ),
    Rule(
        re.compile(
            r"\b(?P<month>[Ee]ne|[Ff]eb|[Aa]br|[Jj]un|[Jj]ul|[Aa]go|[Ss]ept|[Oo]ct|[Nn]ov|[Dd]ic)\."
            r"(?![\w.])"
        ),
        _short_month,
        ".",
        AT_WORD_WITH_DOT,
    ),
)
