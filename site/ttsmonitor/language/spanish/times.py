"""Times of day in Spanish."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import sentence_dot
from ttsmonitor.language.calendar import TIMESTAMP
from ttsmonitor.language.rules import AT_DIGITS, AT_WORD_WITH_NUMBER, DIGITS, Region, Rule
from ttsmonitor.language.spanish.cardinals import Form, cardinal

_HALF_DAY = r"\s?(?P<half>[aApP])\.?\s?[mM](?P<dot>\.|(?!\w))"
_HOURS = r"\s?(?:hrs?|hs?|horas)\b(?P<hours_dot>\.?)"
_CLOCK = r"(?P<hour>[01]?\d|2[0-4])[:h](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"


_QUOTED = re.compile(r"(?<!\w)'[^'\d][^']{0,78}\Z")
"""An open quotation: the sign after a number closes it."""


def time_in_words(hour: int, minute: int) -> str:
    """Return a time as people say it: "diez y media", "catorce y quince"."""
    words = cardinal(hour, Form.FEMININE) + (" horas" if hour in (0, 24) and not minute else "")
    if not minute:
        return words
    if 1 <= hour <= 12 and minute in (15, 30):
        return f"{words} y {'cuarto' if minute == 15 else 'media'}"
    return f"{words} y {cardinal(minute)}"


def _clock(match: re.Match[str], _region: Region) -> str:
    hour, minute, second = int(match["hour"]), int(match["minute"]), match["second"]
    if hour == 24 and minute:
        return match[0]
    words = time_in_words(hour, minute)
    if second:
        words = _duration(hour, minute, int(second))
    return words + _half_day(match, hour, minute) + _dot(match)


def _duration(hours: int, minutes: int, seconds: int) -> str:
    parts = (
        (hours, "hora", Form.FEMININE),
        (minutes, "minuto", Form.MASCULINE),
        (seconds, "segundo", Form.MASCULINE),
    )
    said = [
        f"{cardinal(number, form)} {unit}{'' if number == 1 else 's'}"
        for number, unit, form in parts
        if number
    ]
    return " ".join(said) or "cero segundos"


def _half_day(match: re.Match[str], hour: int, minute: int = 0) -> str:
    if not match["half"] or hour > 12:
        return ""
    if match["half"] in "aA":
        return " de la noche" if hour == 12 else " de la mañana"
    if hour == 12:
        return " de la tarde" if minute else " del mediodía"
    return " de la noche" if hour >= 8 else " de la tarde"


def _dot(match: re.Match[str]) -> str:
    return sentence_dot(match) if match[0].endswith(".") else ""


def _hour(match: re.Match[str], _region: Region) -> str:
    hour = int(match["hour"])
    return time_in_words(hour, 0) + _half_day(match, hour) + _dot(match)


def _dotted(match: re.Match[str], _region: Region) -> str:
    return f"{match['before']} {time_in_words(int(match['hour']), int(match['minute']))}"


def _hour_sign(match: re.Match[str], _region: Region) -> str:
    words = cardinal(int(match["hour"]), Form.FEMININE)
    unit = "" if match["before"].lower().startswith("la") else " horas"
    return f"{match['before']} {words}{unit}"


def _until(match: re.Match[str], _region: Region) -> str:
    return f"{match[1]} a "


def _with_sign(match: re.Match[str], region: Region) -> str:
    return _clock(match, region) if region.decimal == "," else match[0]


def _minutes(match: re.Match[str], _region: Region) -> str:
    return _duration(0, int(match["minutes"]), int(match["seconds"]))


def _minute_sign(match: re.Match[str], _region: Region) -> str:
    if _QUOTED.search(match.string, max(0, match.start() - 80), match.start()):
        return match[0]
    return f"{match['minutes']} {'minuto' if match['minutes'] == '1' else 'minutos'}"


RULES = (
    Rule(TIMESTAMP, lambda match, _region: f"{match['date']} a las {match['clock']}", "T"),
    Rule(
        re.compile(r"(?<![\w:.,'])(?P<minutes>\d{1,3})['′](?=\s[a-záéíóúñ]|[,;.)])"),
        _minute_sign,
        "'′",
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            r"(?<![\w:.,])(?P<minutes>\d{1,2})['′]\s?(?P<seconds>[0-5]?\d)(?:\"|″|'')(?!\w)"
        ),
        _minutes,
        "'′",
        AT_DIGITS,
    ),
    Rule(
        re.compile(r"(?<![\w:.,])(?P<minutes>[0-5]?\d):(?P<seconds>[0-5]\d)\s?min\b"),
        _minutes,
        ":",
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            r"(?<![\w:.,])(?P<hour>[01]?\d|2[0-3])\.(?P<minute>[0-5]\d)(?P<second>)(?P<half>)\s?h"
            r"(?:rs?|s)?\b"
        ),
        _with_sign,
        "h",
        AT_DIGITS,
    ),
    Rule(
        re.compile(r"(\d{1,2}:[0-5]\d(?:\sh)?)\s?[-–—]\s?(?=\d{1,2}:[0-5]\d)"),
        _until,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(r"(\d{1,2}(?::\d\d)?\s?[ap]\.?\s?m\.?)\s?[-–—]\s?(?=\d)", re.IGNORECASE),
        _until,
        "-–—",
        AT_DIGITS,
    ),
    Rule(
        re.compile(r"(\b\d{1,2})\s?[-–—]\s?(?=\d{1,2}\s?(?:h\b|[ap]\.?\s?m\b))"),
        _until,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"(?<![\w:.,]){_CLOCK}(?![\d:])(?:{_HALF_DAY}|{_HOURS})?(?:(?<=[\dhm.s])|(?!\w))"
        ),
        _clock,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(re.compile(rf"(?<![\w:.,])(?P<hour>1[0-2]|0?[1-9]){_HALF_DAY}"), _hour, DIGITS, AT_DIGITS),
    Rule(
        re.compile(
            r"\b(?P<before>[Ll]as?)\s(?P<hour>[01]?\d|2[0-3])[.,](?P<minute>[0-5]\d)(?![\d.,]\d|\d"
            r"|\s?%)(?:\s?h(?:rs?|s)?\b\.?)?"
        ),
        _dotted,
        DIGITS,
        AT_WORD_WITH_NUMBER,
    ),
    Rule(
        re.compile(
            r"(?P<before>[Aa]|[Dd]e|[Ll]as?|[Hh]asta|[Dd]esde)\s(?P<hour>[01]?\d|2[0-4])\s?h\b"
            r"(?!\s\d)(?:\.(?=[,;:]|\s[a-záéíóúñ]))?"
        ),
        _hour_sign,
        DIGITS,
        AT_WORD_WITH_NUMBER,
    ),
)
