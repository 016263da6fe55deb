"""Pauses in a text, and the places of its words, whatever the engine."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.support.voice import make_voice
from ttsmonitor.language.pipeline import Pause, spoken_text
from ttsmonitor.synthesis.base import Block, Emit, Engine, EngineConfig, Mark, SpeechRequest
from ttsmonitor.synthesis.phrases import speak_phrases
from ttsmonitor.synthesis.synthesizer import Synthesizer

RATE = 1_000


@dataclass
class WordEngine(Engine):
    """An engine that says each word in 0.1 s, and is silent for 0.2 s at the end."""

    voice_name: str = "words"
    requests: list[SpeechRequest] = field(default_factory=list)

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        self.requests.append(request)
        for word in request.text.split():
            if not emit(Block(b"\xff\x40" * 100, RATE, (Mark(word, 0.0),))):
                return
        emit(Block(bytes(2 * 200), RATE))


def said(request: SpeechRequest, most: int = 1_000) -> tuple[WordEngine, list[Block]]:
    engine, blocks = WordEngine(), list[Block]()

    def emit(block: Block) -> bool:
        blocks.append(block)
        return len(blocks) < most

    speak_phrases(engine, request, emit)
    return engine, blocks


def silences(blocks: list[Block]) -> list[float]:
    """Return the lengths of the silences, in seconds, the one at the end included."""
    samples = np.frombuffer(b"".join(block.pcm for block in blocks), "<i2")
    lengths, length = [], 0
    for is_silent in (*(samples == 0), False):
        if not is_silent and length:
            lengths.append(length / RATE)
        length = length + 1 if is_silent else 0
    return lengths


def test_pause_is_as_long_as_wanted_with_the_silence_of_the_engine() -> None:
    request = SpeechRequest(text="Uno. Dos.", pauses=(Pause(4, 2.0),))
    engine, blocks = said(request)
    assert [each.text for each in engine.requests] == ["Uno.", "Dos."]
    assert all(not each.pauses for each in engine.requests)
    assert silences(blocks) == [2.0, 0.2]


def test_pause_shorter_than_the_engines_adds_nothing() -> None:
    assert silences(said(SpeechRequest(text="Uno. Dos.", pauses=(Pause(4, 0.1),)))[1]) == [0.2, 0.2]


def test_pauses_at_both_ends_are_kept() -> None:
    pauses = (Pause(0, 0.5), Pause(4, 0.7))
    assert silences(said(SpeechRequest(text="Uno.", pauses=pauses))[1]) == [0.5, 0.7]


def test_words_are_placed_in_the_whole_text() -> None:
    text = "La la, ¡sí! La la."
    _engine, blocks = said(SpeechRequest(text=text, pauses=(Pause(6, 1.0),)))
    places = [mark.offset for block in blocks for mark in block.marks]
    assert places == [0, 3, 7, 12, 15]


def test_unwanted_sound_ends_at_once() -> None:
    engine, blocks = said(SpeechRequest(text="Uno. Dos.", pauses=(Pause(4, 2.0),)), most=1)
    assert len(blocks) == 1
    assert len(engine.requests) == 1


@pytest.fixture(params=["espeak", "piper"])
def voice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Synthesizer]:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = Synthesizer(EngineConfig(engine=request.param, voice="tiny", voice_dir=tmp_path))
    synthesizer.start()
    yield synthesizer
    synthesizer.stop()


def test_break_is_silence_in_the_sound_of_a_voice(voice: Synthesizer) -> None:
    written = 'Dijo "sí"<break time="2s"/>y luego el 12/10/2025 no.'
    text = spoken_text(written, "es")
    blocks = list(voice.speak(SpeechRequest(text=text.text, lang="es", pauses=text.pauses)))
    samples = np.frombuffer(b"".join(block.pcm for block in blocks), "<i2").astype(int)
    loud = np.flatnonzero(np.abs(samples) > 650)
    longest = np.diff(loud).max() / blocks[0].sample_rate
    assert 1.9 < longest < 2.2

    places = [mark.offset for block in blocks for mark in block.marks]
    words = list(re.finditer(r"\S+", written))
    begins = [word.start() for word in words]
    lit = {words[bisect_right(begins, text.place_of(each or 0)) - 1][0] for each in places}
    assert lit >= {"Dijo", '"sí"<break', "luego", "12/10/2025", "no."}
