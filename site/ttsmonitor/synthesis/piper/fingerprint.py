"""Identify the state of a voice's files."""

from __future__ import annotations

import hashlib
from pathlib import Path

FORMAT = 6
"""Goes up when what is made from a voice is made in another way."""


def fingerprint(model: Path) -> str:
    """Return a digest that changes with the voice, its description, or our format."""
    description = model.with_name(f"{model.name}.json")
    states = [path.stat() for path in (model, description)]
    return ":".join([f"{FORMAT}", *(f"{state.st_size}:{state.st_mtime_ns}" for state in states)])


def stages_name(model: Path) -> str:
    """Return the directory name for the stages of the voice in its present state."""
    state = hashlib.sha256(fingerprint(model).encode()).hexdigest()
    return f"{model.name.removesuffix('.onnx')}-{state[:12]}"
