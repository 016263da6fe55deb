"""The speakers of a voice are equally loud, and are heard before measurement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.tools import wait_until
from tests.support.voice import make_voice
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.loudness import KNEE
from ttsmonitor.synthesis.piper.engine import PiperEngine
from ttsmonitor.synthesis.piper.voices import InstalledVoice, read_voice
from ttsmonitor.synthesis.synthesizer import Synthesizer

TEXT = "Hola, soy Moxie. ¿Qué tal?"
FAINT = 0.1


@pytest.fixture
def voice(tmp_path: Path) -> InstalledVoice:
    return read_voice(make_voice(tmp_path / "tiny.onnx", speakers=3, loudness=FAINT))


def peak(blocks: list[Block]) -> float:
    return float(np.abs(np.frombuffer(b"".join(each.pcm for each in blocks), "<i2")).max())


def said(engine: PiperEngine, speaker: int | None = None) -> float:
    blocks: list[Block] = []
    engine.speak(SpeechRequest(TEXT, speaker=speaker), lambda block: not blocks.append(block))  # type: ignore[func-returns-value]
    return peak(blocks)


def test_measured_speakers_are_equally_loud(voice: InstalledVoice) -> None:
    engine = PiperEngine(voice)
    default = said(engine)
    assert not engine.is_provisional
    assert said(engine, 0) == pytest.approx(default, rel=0.3)
    for speaker in (1, 2):
        assert said(engine, speaker) == pytest.approx(FAINT * default, rel=0.3)
        assert engine.is_provisional
    assert not engine.measure(lambda: True), "somebody is to speak"
    assert engine.measure(lambda: False)
    for speaker in (0, 1, 2):
        assert said(engine, speaker) == pytest.approx(default, rel=0.3)
        assert not engine.is_provisional


def test_new_speaker_is_heard_though_measurement_fails(
    voice: InstalledVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PiperEngine(voice)

    def fail(*args: Any) -> Any:
        raise RuntimeError("this voice says nothing else")

    monkeypatch.setattr(engine, "_calibration", fail)
    assert said(engine, 1)
    assert engine.measure(lambda: False), "given up"
    assert said(engine, 1) and not engine.is_provisional


def test_unexpectedly_loud_new_speaker_is_limited(tmp_path: Path) -> None:
    engine = PiperEngine(read_voice(make_voice(tmp_path / "loud.onnx", speakers=3, loudness=1.5)))
    assert said(engine, 1) <= KNEE * 32_767 + 1
    assert engine.is_provisional


def test_reloaded_voice_is_not_measured_again(
    voice: InstalledVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    gains: dict[int, float] = {}
    first = PiperEngine(voice, gains)
    said(first, 1)
    assert first.measure(lambda: False)
    assert sorted(gains) == [0, 1]
    monkeypatch.setattr(PiperEngine, "_measure", None)
    again = PiperEngine(voice, gains)
    assert [said(again, speaker) for speaker in (0, 1)] == pytest.approx(
        [said(first, speaker) for speaker in (0, 1)]
    )


def test_idle_process_measures_new_speakers(voice: InstalledVoice, tmp_path: Path) -> None:
    config = EngineConfig("piper", voice.name, tmp_path)
    synthesizer = Synthesizer(config, cache=SoundCache(tmp_path / "sounds", 10_000_000))
    synthesizer.start()
    try:
        default = peak(list(synthesizer.speak(SpeechRequest(TEXT))))

        def second() -> list[Block]:
            return list(synthesizer.speak(SpeechRequest(TEXT, speaker=1)))

        assert peak(second()) == pytest.approx(FAINT * default, rel=0.3)
        assert synthesizer.engine == "piper tiny"
        # Sound with a provisional loudness is not cached.
        wait_until(lambda: second() and "cached" in synthesizer.engine)
        assert peak(second()) == pytest.approx(default, rel=0.3)
    finally:
        synthesizer.stop()
