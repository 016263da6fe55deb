"""Global commands: what is listened for in everything that a child says."""

from __future__ import annotations

from collections.abc import Iterable

from hive.chat.models import GlobalCommand
from hive.chat.patterns import fits


def find_command(speech: str, commands: Iterable[GlobalCommand]) -> GlobalCommand | None:
    """Return the first command whose pattern fits."""
    if not speech.strip():
        return None
    return next((each for each in commands if fits(each.pattern, speech)), None)
