"""Voice files on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.voice import make_voice


def install(
    directory: Path, name: str, lang: str = "es", *, speakers: int = 1, code: str = ""
) -> Path:
    """Install a tiny voice with this name; `code` is its described language, or empty."""
    model = make_voice(directory / f"{name}.onnx", speakers=speakers)
    language = {"language": {"code": code}} if code else {}
    return describe(model, espeak={"voice": lang}, **language)


def describe(model: Path, **fields: Any) -> Path:
    """Change fields of a voice's description. Return the model's path."""
    description = model.with_name(f"{model.name}.json")
    config = json.loads(description.read_text())
    description.write_text(json.dumps(config | fields))
    return model
