"""The time of day as the companion says it."""

from __future__ import annotations

import datetime
import re

from ttsmonitor.language.normalization import normalize

_HOURS = 12
_SEVERAL_HOURS = re.compile(r"\b(?P<first>[Ss])on las (?=\{time\})")
_ONE_HOUR = {"S": "Es la ", "s": "es la "}


def time_in_words(now: datetime.datetime, lang: str) -> str:
    """Return the time on a clock with twelve hours: "una y cinco", "seven o'clock"."""
    return normalize(f"{_hour(now.hour)}:{now.minute:02}", lang)


def agree_with_hour(text: str, hour: int, lang: str) -> str:
    """Return the text with "Es la {time}" for "Son las {time}" if it is one o'clock in Spanish."""
    if lang != "es" or _hour(hour) != 1:
        return text
    return _SEVERAL_HOURS.sub(lambda match: _ONE_HOUR[match["first"]], text)


def _hour(hour: int) -> int:
    return hour % _HOURS or _HOURS
