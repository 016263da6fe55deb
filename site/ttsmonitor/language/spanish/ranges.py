"""Ranges, scores, sequences and decades in Spanish."""

from __future__ import annotations

import re

from ttsmonitor.language.ranges import degree_pairs, range_rules
from ttsmonitor.language.rules import Region, Rule


def _decade(match: re.Match[str], _region: Region) -> str:
    return match["number"]


_AT_DECADE = re.compile(r"['’](?=\d)|\d(?<![\d'’].)")
DECADES = (
    Rule(
        re.compile(
            r"['’]?(?P<number>\d{2}|[12]\d{2}0)(?:(?<=(?:los|ños)\s..)|(?<=(?:los|ños)\s['’]..)"
            r"|(?<=(?:los|ños)\s....))['’]?s(?!\w)"
        ),
        _decade,
        "s",
        _AT_DECADE,
    ),
    Rule(re.compile(r"['’](?P<number>\d{2})(?<=\s...)(?!\d)"), _decade, "'’"),
)
"""Decades, which are no seconds."""
DEGREE_PAIRS = (degree_pairs("a"),)
RULES = range_rules(to="a", slash="barra", or_more="o más")
