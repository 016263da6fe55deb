"""Letters and digits mixed in English; eSpeak NG spells other acronyms by itself."""

from __future__ import annotations

import re

from ttsmonitor.language.rules import AT_CODE, DIGITS, Region, Rule


def _code(match: re.Match[str], _region: Region) -> str:
    """Read MP3 or R2D2 in parts: letters as capitals, digits as they are."""
    return " ".join(re.findall(r"[A-Z]+|\d+", match[0]))


RULES = (
    Rule(
        re.compile(
            r"(?<![\w.,])(?=[\d-]{0,5}[A-Z])(?=[A-Z-]{0,6}\d)[A-Z\d]{1,6}(?:-?[A-Z\d]{1,6})?(?!\w)"
        ),
        _code,
        DIGITS,
        AT_CODE,
    ),
)
