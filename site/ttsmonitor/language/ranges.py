"""Ranges, scores and sequences of numbers."""

from __future__ import annotations

import re

from ttsmonitor.language.rules import AT_DIGITS, Region, Rule

_GRADES = range(1, 7)
"""Of a school: "1º/2º de primaria" is no pair of temperatures."""


def degree_pairs(to: str) -> Rule:
    """Return the rule for two temperatures with a slash: "12/18 °C", "25º / 12º"."""

    def pair(match: re.Match[str], _region: Region) -> str:
        if match["sign"] == "º" and int(match["one"]) in _GRADES:
            return match[0]
        return f"{match['one']} {to} {match['two']}°"

    return Rule(
        re.compile(
            r"(?<![\d/.,])(?P<one>\d{1,3})\s?(?P<sign>[°º]?)[CF]?\s?/\s?"
            r"(?P<two>[-−]?\d{1,3})\s?[°º](?![\d/])"
        ),
        pair,
        "°º",
        AT_DIGITS,
    )


def range_rules(to: str, slash: str, or_more: str) -> tuple[Rule, ...]:
    """Return the rules for numbers that are joined by a dash, colon or slash."""

    def joined(match: re.Match[str], _region: Region) -> str:
        return f" {slash if match[0] == '/' else to} "

    return (
        Rule(
            re.compile(r"(?<![\w.,-])\d{1,4}(?:[-–—]\d{1,4}){2,9}(?![\w-])"),
            lambda match, _region: re.sub("[-–—]", ", ", match[0]),
            "-–—",
        ),
        Rule(re.compile(r"(?<=\d)[-–—:/](?=\d)"), joined, "-–—:/"),
        Rule(
            re.compile(r"(?<![\w.,])(?P<number>\d{1,6})\+(?!\w)"),
            lambda match, _region: f"{match['number']} {or_more}",
            "+",
        ),
    )
