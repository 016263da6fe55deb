"""A computer as slow as it may be gives a voice without gaps, and a fast one begins soon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.voice import make_voice
from ttsmonitor.synthesis.piper import stages as stages_module
from ttsmonitor.synthesis.piper.block_size import (
    FIRST_FRAMES,
    MOST_FRAMES,
    REMEMBERED,
    BlockSize,
)
from ttsmonitor.synthesis.piper.stages import Stages, load_stages

FRAME_SECONDS = 256 / 22_050
FRAMES = 400
FAST = 0.0002
"""Seconds that a desktop computer decodes a frame of a medium voice."""


def pacing(decoder_seconds: float, flow_seconds: float = 0.0) -> BlockSize:
    made = BlockSize(FRAME_SECONDS, decoder_context=12, flow_context=32)
    for _ in range(REMEMBERED):
        made.decoder.learn(20, 20 * decoder_seconds)
        made.flow.learn(50, 50 * flow_seconds)
    return made


def test_fast_computer_starts_small_and_continues_large() -> None:
    fast = pacing(FAST, FAST / 3)
    assert fast.first() == FIRST_FRAMES
    assert fast.next(FIRST_FRAMES * FRAME_SECONDS) == MOST_FRAMES


def test_unmeasured_voice_starts_with_small_block() -> None:
    assert BlockSize(FRAME_SECONDS, 12, 32).first() == FIRST_FRAMES


def test_slower_computer_starts_with_larger_block() -> None:
    firsts = [pacing(FAST * times, FAST / 3 * times).first() for times in (1, 5, 10, 20)]
    assert firsts == sorted(set(firsts))


def test_too_slow_computer_gets_bounded_first_block() -> None:
    assert pacing(FRAME_SECONDS).first() == pacing(1.0).first() == MOST_FRAMES


def test_single_slow_run_does_not_change_block_size() -> None:
    fast = pacing(FAST)
    for _ in range(REMEMBERED // 2):
        fast.decoder.learn(20, 5.0)
    assert fast.first() == FIRST_FRAMES


@pytest.fixture
def voice(tmp_path: Path) -> Stages:
    return load_stages(make_voice(tmp_path / "tiny.onnx"))


class SlowComputer:
    """Its clock goes on by what a frame takes, and by nothing else."""

    def __init__(self, voice: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.frame_seconds: dict[str, float] = {}
        self._run = voice._run
        monkeypatch.setattr(voice, "_run", self.run)
        monkeypatch.setattr(stages_module, "perf_counter", lambda: self.now)

    def run(self, stage: str, given: dict[str, Any]) -> list[Any]:
        frames = next(each.shape[2] for each in given.values() if each.ndim == 3)
        self.now += frames * self.frame_seconds[stage]
        return self._run(stage, given)


@pytest.mark.parametrize("times", [1, 4, 8, 12])
def test_each_block_is_ready_before_previous_one_ends(
    voice: Stages, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    frame_seconds = voice.hop / 22_050
    computer = SlowComputer(voice, monkeypatch)
    computer.frame_seconds = {
        "decoder": 0.02 * times * frame_seconds,
        "flow": 0.005 * times * frame_seconds,
    }
    noisy = np.random.default_rng(5).normal(size=(1, 16, FRAMES)).astype(np.float32)
    gaps: list[float] = []
    for _learning in range(2):
        gaps.clear()
        heard_until = 0.0
        latent = voice.latent(noisy, 0, voice.pacing.first() + voice.decoder_context)
        for block in voice.decode(latent, FRAMES, 0):
            gaps.append(max(0.0, computer.now - heard_until) if heard_until else 0.0)
            heard_until = max(computer.now, heard_until) + len(block) / 22_050
    assert len(gaps) > 3 and sum(gaps) == 0
    assert (voice.pacing.first() == FIRST_FRAMES) == (times == 1)
