"""A package that brings an engine by entry point, as somebody else would install it."""

from __future__ import annotations

from pathlib import Path

MODULE = """
import os
from ttsmonitor.synthesis.base import Block, Engine, EngineProvider, Problem
from ttsmonitor.synthesis.voice import Voice

FAULT = os.environ.get("HUM_FAULT", "")
if FAULT == "import":
    raise ImportError("hum needs a library")
if FAULT == "exit":
    raise SystemExit(3)


class HumEngine(Engine):
    def __init__(self, voice):
        self.voice_name = voice.name

    def speak(self, request, emit):
        for _word in request.text.split():
            if not emit(Block(b"\\0\\1" * 800, 16_000)):
                return


class HumProvider(EngineProvider):
    name = os.environ.get("HUM_NAME", "hum")

    def voices(self, config):
        if FAULT == "voices":
            raise ZeroDivisionError
        if FAULT == "strings":
            return ["nahua"]
        if FAULT == "others":
            return [Voice(engine="piper", name="nahua", langs=("nah",))]
        return [
            Voice(engine=self.name, name="nahua", langs=("nah",), memory_bytes=1_000_000),
            Voice(engine=self.name, name="maya", langs=("yua",), memory_bytes=1_000_000),
        ]

    def unavailable(self):
        return "hum needs a licence" if FAULT == "unavailable" else ""

    def problems(self, config):
        if FAULT == "problems":
            raise ZeroDivisionError
        return [Problem("hum.W001", "HUM_PITCH is too high.", "Lower it.")]

    def create(self, voice, config):
        if FAULT == "create":
            raise RuntimeError("hum is out of tune")
        if FAULT == "mute":
            return None
        return HumEngine(voice)


def make_provider():
    return 42 if FAULT == "nonsense" else HumProvider()
"""


def write_engine_package(directory: Path) -> Path:
    """Write the package with its metadata into `directory`, to be put on sys.path."""
    metadata = directory / "hum_engine-1.0.dist-info"
    metadata.mkdir(parents=True)
    (directory / "hum_engine.py").write_text(MODULE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: hum-engine\nVersion: 1.0\n")
    entry = "[moxie_tts.engines]\nhum = hum_engine:make_provider\n"
    (metadata / "entry_points.txt").write_text(entry)
    return directory
