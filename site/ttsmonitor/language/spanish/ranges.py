"""Ranges, scores, sequences and decades in Spanish."""

from __future__ import annotations

import re

from ttsmonitor.language.ranges import range_rules
from ttsmonitor.language.rules import Region, Rule


def _decade(match: re.Match[str], _region: Region) -> str:
    return match["number"]


RULES = (
    Rule(re.compile(r"(?<!\w)['’]?(?P<number>\d{2}|[12]\d{2}0)['’]?s(?!\w)"), _decade, "s"),
    Rule(re.compile(r"(?<=\s)['’](?P<number>\d{2})(?!\d)"), _decade, "'’"),
    *range_rules(to="a", slash="barra", or_more="o más"),
)
