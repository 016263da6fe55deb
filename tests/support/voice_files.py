"""Voices on disk, to choose from."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.voice import make_voice


def install(
    directory: Path, name: str, lang: str = "es", *, speakers: int = 1, code: str = ""
) -> Path:
    """A tiny voice of that name and language; `code` is how it is described, if it is."""
    model = make_voice(directory / f"{name}.onnx", speakers=speakers)
    description = model.with_name(f"{model.name}.json")
    config = json.loads(description.read_text())
    config["espeak"]["voice"] = lang
    if code:
        config["language"] = {"code": code}
    description.write_text(json.dumps(config))
    return model
