"""Dates in English."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import sentence_dot
from ttsmonitor.language.calendar import NUMERIC_DATE, Date, day_and_month, numeric_date
from ttsmonitor.language.english.cardinals import BRITISH, MONTHS, cardinal, year_in_words
from ttsmonitor.language.english.ordinals import ordinal
from ttsmonitor.language.rules import (
    AT_DIGITS,
    AT_WORD_WITH_NUMBER,
    DIGITS,
    Region,
    Rule,
    previous_word,
)

_SHORT_MONTHS = {month[:3]: month for month in MONTHS} | {"Sept": "September"}
_SURE_MONTHS = [month for month in _SHORT_MONTHS if month not in ("Mar", "May")]
_MONTH = "|".join(sorted({*MONTHS, *_SHORT_MONTHS}, key=len, reverse=True))
_WEEKDAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_WEEKDAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_DATED = frozenset("on by until till due since from before after".split())


def date_in_words(date: Date, region: Region, *, before: str = "") -> str:
    """Return a date as people of the region say it."""
    month, day = MONTHS[date.month - 1], ordinal(date.day)
    if BRITISH in region.words:
        words = f"{'' if before == 'the' else 'the '}{day} of {month}"
    else:
        words = f"{month} {day}"
    return words if date.year is None else f"{words}, {year_in_words(date.year)}"


def _numeric(match: re.Match[str], region: Region) -> str:
    date = numeric_date(match, region.month_first)
    if date is None:
        return re.sub("[-/]", " slash ", match[0])
    return date_in_words(date, region, before=previous_word(match))


def _short_numeric(match: re.Match[str], region: Region) -> str:
    date = day_and_month(int(match["one"]), int(match["two"]), region.month_first)
    if date is None or previous_word(match) not in _DATED:
        return match[0]
    return date_in_words(date, region)


def _named(match: re.Match[str], region: Region) -> str:
    month = _SHORT_MONTHS.get(match["month"], match["month"])
    is_short = match["month"] != month
    dot = match["dot"] or "" if not match["year"] else ""
    dot = sentence_dot(match) if dot and is_short else dot
    if BRITISH not in region.words and (match["of"] or previous_word(match) == "the"):
        words = f"{ordinal(int(match['day']))} of {month}"
        words += f", {year_in_words(int(match['year']))}" if match["year"] else ""
        return words + dot
    date = Date(
        int(match["day"]), MONTHS.index(month) + 1, int(match["year"]) if match["year"] else None
    )
    return date_in_words(date, region, before=previous_word(match)) + dot


def _month_first(match: re.Match[str], _region: Region) -> str:
    month = _SHORT_MONTHS.get(match["month"], match["month"])
    words = f"{month} {ordinal(int(match['day']))}"
    return f"{words}, {year_in_words(int(match['year']))}" if match["year"] else words


def _month_and_year(match: re.Match[str], _region: Region) -> str:
    return (
        f"{_SHORT_MONTHS.get(match['month'], match['month'])} {year_in_words(int(match['year']))}"
    )


def _weekday(match: re.Match[str], _region: Region) -> str:
    return _WEEKDAYS[match["weekday"]]


def _weekdays(match: re.Match[str], _region: Region) -> str:
    words = re.sub(rf"({_WEEKDAY})\b\.?", lambda each: _WEEKDAYS[each[1]], match[0])
    dot = sentence_dot(match) if match[0].endswith(".") else ""
    return re.sub(r"\s?[-–]\s?", " to ", words) + dot


_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})(?![\w/-]|[.,:]\d)"


def _years(match: re.Match[str], _region: Region) -> str:
    last = match["last"]
    until = year_in_words(int(last)) if len(last) == 4 else cardinal(int(last))
    return f"{year_in_words(int(match['first']))} to {until}"


RULES = (
    Rule(
        re.compile(
            r"(?<![\w.,/-])(?P<first>1[1-9]\d\d|20\d\d)[-–](?P<last>1[1-9]\d\d|20\d\d|[2-9]\d)(?!"
            r"[\w/-]|[.,]\d)"
        ),
        _years,
        "-–",
        AT_DIGITS,
    ),
    Rule(NUMERIC_DATE, _numeric, DIGITS, AT_DIGITS),
    Rule(
        re.compile(r"(?<![\w./-])(?P<one>\d{1,2})/(?P<two>\d{1,2})(?![\w/]|[.,]\d)"),
        _short_numeric,
        "/",
    ),
    Rule(
        re.compile(rf"\b(?P<weekday>{_WEEKDAY})\b\.?(?=,?\s(?:\d|(?:{_MONTH})\b))"),
        _weekday,
        "MTWFS",
    ),
    Rule(
        re.compile(
            rf"\b(?:{_WEEKDAY})\.?(?:(?:\s?[-–]\s?|,\s|\sand\s)(?:{_WEEKDAY})\b\.?(?!\w)){{1,6}}"
        ),
        _weekdays,
        "MTWFS",
    ),
    Rule(
        re.compile(
            rf"(?P<month>{_MONTH})\.?\s{_DAY}(?![\w:%/°$-]|[.,]\d|\s[ap]\.?m)(?:,?\s{_YEAR})?"
        ),
        _month_first,
        DIGITS,
        AT_WORD_WITH_NUMBER,
    ),
    Rule(
        re.compile(
            rf"(?<![\w./:$€£-]){_DAY}[\s-](?P<of>of\s)?(?P<month>{_MONTH})\b(?P<dot>\.(?!\w))?"
            rf"(?:,?[\s-]{_YEAR})?"
        ),
        _named,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(rf"\b(?P<month>{_MONTH})\.?,?\s{_YEAR}"),
        _month_and_year,
        DIGITS,
        AT_WORD_WITH_NUMBER,
    ),
)
