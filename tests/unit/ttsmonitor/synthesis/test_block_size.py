"""A computer as slow as it may be gives a voice without gaps, and a fast one begins soon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.voice import make_voice
from ttsmonitor.synthesis.piper import speech as speech_module
from ttsmonitor.synthesis.piper import stages as stages_module
from ttsmonitor.synthesis.piper.block_size import (
    CHANCE,
    FIRST_FRAMES,
    FIRST_IDS,
    MOST_FRAMES,
    MOST_IDS,
    REMEMBERED,
    BlockSize,
)
from ttsmonitor.synthesis.piper.script import Script
from ttsmonitor.synthesis.piper.speech import Speech
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


def test_a_fast_computer_begins_with_little_and_goes_on_with_much() -> None:
    fast = pacing(FAST, FAST / 3)
    assert fast.first() == FIRST_FRAMES
    assert fast.next(FIRST_FRAMES * FRAME_SECONDS) == MOST_FRAMES


def test_of_a_voice_that_was_never_heard_little_is_made_first() -> None:
    assert BlockSize(FRAME_SECONDS, 12, 32).first() == FIRST_FRAMES


def test_the_slower_a_computer_is_the_more_it_begins_with() -> None:
    firsts = [pacing(FAST * times, FAST / 3 * times).first() for times in (1, 3, 5, 8)]
    assert firsts == sorted(set(firsts))


def test_one_that_cannot_keep_up_does_not_wait_for_ever() -> None:
    assert pacing(FRAME_SECONDS).first() == pacing(1.0).first() == MOST_FRAMES


def test_a_slow_moment_changes_nothing() -> None:
    fast = pacing(FAST)
    for _ in range(CHANCE):
        fast.decoder.learn(20, 5.0)
    assert fast.first() == FIRST_FRAMES


def test_only_a_slow_computer_holds_its_first_sound() -> None:
    seconds = [
        pacing(FAST * times, FAST / 3 * times).held_seconds(FRAMES, 0, {}) for times in (1, 5, 20)
    ]
    assert seconds[:2] == [0, 0] and seconds[2] > 0.3


def test_sound_is_held_for_the_work_that_comes_before_its_end() -> None:
    quarter = pacing(0.0029, 0.0007)
    quarter.text.learn(100, 0.12)
    read, latent_there, unread = (
        quarter.held_seconds(*given)
        for given in ((115, 0, {}), (115, 115, {}), (115, 0, {20: 140}))
    )
    assert latent_there < read < unread
    assert read < 2 * MOST_FRAMES * FRAME_SECONDS, "what is made meanwhile need not be held"


def test_one_slower_than_speech_holds_what_would_be_late() -> None:
    slow = pacing(1.2 * FRAME_SECONDS / 1.75)
    assert slow.slowness > 1
    short, long = (slow.held_seconds(each, 0, {}) for each in (FRAMES, 4 * FRAMES))
    assert 0 < short < long < FRAMES * 4 * FRAME_SECONDS


def test_stalls_are_waited_for_as_long_as_they_usually_are() -> None:
    calm, shaken = pacing(FAST), pacing(FAST)
    for number in range(REMEMBERED):
        shaken.decoder.learn(20, 20 * FAST + 0.1 * (number % 3 == 0))
    assert shaken.first() > calm.first()


def test_ids_to_read_follow_from_the_time_in_hand() -> None:
    made = pacing(FAST)
    assert made.ids(1.0) == MOST_IDS, "nothing is known of the text stage"
    for _ in range(REMEMBERED):
        made.text.learn(100, 0.1)
    assert made.ids(0.0) == FIRST_IDS
    assert FIRST_IDS < made.ids(0.3) < made.ids(0.5) < MOST_IDS
    assert made.first_ids() == FIRST_IDS
    for _ in range(REMEMBERED):
        made.text.learn(100, 0.01)
    assert FIRST_IDS < made.first_ids() < MOST_IDS
    assert made.cover(400) > made.cover(100) > made.first() + made.context


@pytest.fixture
def voice(tmp_path: Path) -> Stages:
    return load_stages(make_voice(tmp_path / "tiny.onnx", frames_per_id=2, timed=True))


class SlowComputer:
    """Its clock goes on by what a frame takes, and by nothing else."""

    def __init__(self, voice: Stages, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.frame_seconds: dict[str, float] = {}
        self._run = voice._run
        monkeypatch.setattr(voice, "_run", self.run)
        for module in (stages_module, speech_module):
            monkeypatch.setattr(module, "perf_counter", lambda: self.now)

    def run(self, stage: str, given: dict[str, Any]) -> list[Any]:
        frames = next((each.shape[2] for each in given.values() if each.ndim == 3), 0)
        ids = given["input"].shape[1] if stage == "text" else 0
        self.now += (frames or ids) * self.frame_seconds[stage]
        return self._run(stage, given)


@pytest.mark.parametrize("times", [1, 8, 12, 24, 34])
def test_each_block_is_there_before_the_one_before_it_was_heard(
    voice: Stages, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    frame_seconds = voice.hop / 22_050
    computer = SlowComputer(voice, monkeypatch)
    computer.frame_seconds = {
        "text": 0.005 * times * frame_seconds,
        "decoder": 0.02 * times * frame_seconds,
        "flow": 0.005 * times * frame_seconds,
    }
    script = Script([1, 0, *[20, 0] * 199, 2], ["a"] * 199, range(2, 400, 2))
    gaps: list[float] = []
    for _learning in range(3):
        gaps.clear()
        heard_until = 0.0
        for block in Speech(voice, script, (0.0, 1.0, 0.0)).blocks():
            if not block.size:
                continue
            gaps.append(max(0.0, computer.now - heard_until) if heard_until else 0.0)
            heard_until = max(computer.now, heard_until) + len(block) / 22_050
    assert len(gaps) > 3 and sum(gaps) == 0
    assert (voice.pacing.first() > FIRST_FRAMES) == (times > 1)
    assert (voice.pacing.slowness > 1) == (times == 34)
