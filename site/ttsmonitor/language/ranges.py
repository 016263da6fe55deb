"""Ranges, scores and sequences of numbers."""

from __future__ import annotations

import re

from ttsmonitor.language.rules import Region, Rule


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
