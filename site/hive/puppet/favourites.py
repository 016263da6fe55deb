"""Phrases that can be said again with one click: the recent ones and the favourites."""

from __future__ import annotations

from typing import Any

from hive.models import Favourite

RECENT = 12


def recent(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the different texts of these lines, newest first, each with its latest mood."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        mood, intensity = line["mood"] or "neutral", line["intensity"]
        phrase = {"text": line["text"], "mood": mood, "intensity": intensity}
        found.setdefault(line["text"], phrase)
    return list(found.values())[:RECENT]


def kept() -> list[dict[str, Any]]:
    """Return the favourites, newest first."""
    return [favourite.describe() for favourite in Favourite.objects.all()]
