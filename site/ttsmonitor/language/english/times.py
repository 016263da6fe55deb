"""Times of day in English."""

from __future__ import annotations

import re

from ttsmonitor.language.abbreviations import sentence_dot
from ttsmonitor.language.calendar import TIMESTAMP
from ttsmonitor.language.english.cardinals import cardinal
from ttsmonitor.language.rules import AT_DIGITS, DIGITS, Region, Rule

_HALF_DAY = r"\s?(?P<half>[aApP])\.?\s?[mM](?P<dot>\.|(?!\w))"


def time_in_words(hour: int, minute: int, *, half_day: str = "") -> str:
    """Return a time as people say it: "nine o'clock", "seven oh five PM"."""
    words = cardinal(hour)
    if minute:
        words += f" {'oh ' if minute < 10 else ''}{cardinal(minute)}"
    elif not half_day and 1 <= hour <= 12:
        words += " o'clock"
    elif not half_day:
        words += " hundred hours"
    return f"{words} {half_day}" if half_day else words


def _clock(match: re.Match[str], _region: Region) -> str:
    hour, minute, second = int(match["hour"]), int(match["minute"]), match["second"]
    if hour == 24 and minute:
        return match[0]
    if second:
        return _duration(hour, minute, int(second))
    dot = sentence_dot(match) if match["dot"] == "." else ""
    return time_in_words(hour, minute, half_day=_half_day(match)) + dot


def _half_day(match: re.Match[str]) -> str:
    return {"a": "AM", "p": "PM"}[match["half"].lower()] if match["half"] else ""


def _hour(match: re.Match[str], _region: Region) -> str:
    dot = sentence_dot(match) if match["dot"] == "." else ""
    return time_in_words(int(match["hour"]), 0, half_day=_half_day(match)) + dot


def _duration(hours: int, minutes: int, seconds: int) -> str:
    parts = ((hours, "hour"), (minutes, "minute"), (seconds, "second"))
    said = [
        f"{cardinal(number)} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number
    ]
    return " ".join(said) or "zero seconds"


def _until(match: re.Match[str], _region: Region) -> str:
    return f"{match[1]} to "


RULES = (
    Rule(TIMESTAMP, lambda match, _region: f"{match['date']} at {match['clock']}", "T"),
    Rule(
        re.compile(
            r"(\d{1,2}:[0-5]\d(?:\s?[ap]\.?m\.?)?)\s?[-–—]\s?(?=\d{1,2}(?::[0-5]\d|\s?[ap]\.?m))",
            re.IGNORECASE,
        ),
        _until,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            r"(\b\d{1,2}(?:\s?[ap]\.?m\.?)?)\s?[-–—]\s?(?=\d{1,2}(?::\d\d)?\s?[ap]\.?\s?m\b)",
            re.IGNORECASE,
        ),
        _until,
        DIGITS,
        AT_DIGITS,
    ),
    Rule(
        re.compile(
            rf"(?<![\w:.,])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
            rf"(?![\d:])(?:{_HALF_DAY}|\so['’]clock\b|\s?h(?:rs)?\b)?(?!\w)"
        ),
        _clock,
        ":",
        AT_DIGITS,
    ),
    Rule(
        re.compile(rf"(?<![\w:.,$])(?P<hour>1[0-2]|0?[1-9]){_HALF_DAY}"), _hour, DIGITS, AT_DIGITS
    ),
)
