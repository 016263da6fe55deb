"""Tells one state of a voice's file from another."""

from __future__ import annotations

from pathlib import Path

FORMAT = 1
"""Goes up when what is made from a voice is made in another way."""


def fingerprint(model: Path) -> str:
    """Changes when the voice does, or what we make of it."""
    state = model.stat()
    return f"{FORMAT}:{state.st_size}:{state.st_mtime_ns}"
