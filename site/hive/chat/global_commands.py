"""Global commands, which are searched in everything that a child says."""

from __future__ import annotations

from collections.abc import Iterable

from hive.models import GlobalCommand
from hive.patterns import matches


def find_command(speech: str, commands: Iterable[GlobalCommand]) -> GlobalCommand | None:
    """Return the first command whose pattern matches."""
    if not speech.strip():
        return None
    return next((each for each in commands if matches(each.pattern, speech)), None)
