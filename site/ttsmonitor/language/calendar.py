"""Dates in digits."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

NUMERIC_DATE = re.compile(
    r"(?<![\w./-])(?:(?P<iso>\d{4})(?P<mark>[-/.])(?P<iso_month>\d{1,2})(?P=mark)"
    r"(?P<iso_day>\d{1,2})"
    r"|(?P<one>\d{1,2})(?P<sign>[-/.])(?P<two>\d{1,2})(?P=sign)(?P<year>\d{4}|\d{2}))"
    r"(?![\w/-]|\.\d)"
)
"""2025-09-18, 18.9.2025 or 12/10/25."""
TIMESTAMP = re.compile(
    r"(?<![\w./-])(?P<date>\d{4}-\d{2}-\d{2})T(?P<clock>\d{2}:\d{2})(?::\d{2}(?:\.\d{1,9})?)?"
    r"(?:Z|[+-]\d{2}:?\d{2})?(?!\w)"
)
"""2025-09-18T07:30:00Z; its seconds and its zone are not said."""


@dataclass(frozen=True)
class Date:
    """A day of the calendar; without a year where none is written."""

    day: int
    month: int
    year: int | None = None


def numeric_date(match: re.Match[str], month_first: bool) -> Date | None:
    """Return the date of a match of NUMERIC_DATE; None if there is no such day."""
    if match["iso"]:
        return _date(int(match["iso_day"]), int(match["iso_month"]), int(match["iso"]))
    if match["sign"] == "." and len(match["year"]) == 2:
        return None  # a version
    year = int(match["year"])
    if len(match["year"]) == 2:
        year += 2000 if year < 70 else 1900
    return day_and_month(int(match["one"]), int(match["two"]), month_first, year)


def day_and_month(one: int, two: int, month_first: bool, year: int | None = None) -> Date | None:
    """Return the date of two numbers in the usual order, or in the other one if only that fits."""
    day, month = (two, one) if month_first else (one, two)
    return _date(day, month, year) or _date(month, day, year)


def _date(day: int, month: int, year: int | None) -> Date | None:
    try:
        datetime.date(year or 2000, month, day)
    except ValueError:
        return None
    return Date(day, month, year)
