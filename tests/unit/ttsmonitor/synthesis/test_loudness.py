"""Joints without a gap and without a click, and nothing held back that is to be heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from ttsmonitor.synthesis.loudness import without_end, without_start
from ttsmonitor.synthesis.stages import Samples

RATE = 22_050
THRESHOLD = 0.02
Trim = Callable[[Iterable[Samples], float, int], Iterator[Samples]]


def tone(seconds: float) -> Samples:
    time = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(0.5 * np.sin(2 * np.pi * 220 * time + 1), dtype=np.float32)


def silence(seconds: float) -> Samples:
    noise = np.random.default_rng(1).uniform(-0.01, 0.01, round(seconds * RATE))
    return noise.astype(np.float32)


def blocks(samples: Samples, size: int = 2048) -> Iterator[Samples]:
    for start in range(0, len(samples), size):
        yield samples[start : start + size]


def trimmed(trim: Trim, samples: Samples, size: int = 2048) -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *trim(blocks(samples, size), THRESHOLD, RATE)])


def test_sound_is_given_at_once_although_its_end_is_not_known() -> None:
    source = blocks(tone(2.0))
    first = next(without_end(source, THRESHOLD, RATE))
    assert len(first) > 2048 * 0.9
    assert len(next(source)) == 2048, "more than one block was taken for the first one"


@pytest.mark.parametrize("size", [100, 2048, 100_000])
def test_only_the_silence_at_the_ends_is_taken_off(size: int) -> None:
    inner = np.concatenate([tone(0.3), silence(0.2), tone(0.3)])
    samples = np.concatenate([silence(0.3), inner, silence(0.3)])
    for trim in (without_start, without_end):
        taken = len(samples) - len(trimmed(trim, samples, size))
        assert taken == pytest.approx(0.3 * RATE, abs=0.006 * RATE)
    both = trimmed(without_end, trimmed(without_start, samples, size), size)
    edge = (len(both) - len(inner)) // 2
    assert 0 <= edge <= 0.006 * RATE
    assert np.array_equal(both[edge + 200 : edge + 9000], inner[200:9000])


@pytest.mark.parametrize("size", [100, 2048])
@pytest.mark.parametrize("quiet", [0.0, 0.02, 0.2, 0.45])
def test_a_joint_has_no_gap_and_no_click(size: int, quiet: float) -> None:
    sound = tone(0.4)
    if quiet:  # a sound that ends by itself; else it ends in the middle
        sound *= np.minimum(1, np.arange(len(sound))[::-1] / 500)
    one = np.concatenate([sound, silence(quiet)])
    two = -one[::-1]
    joined = np.concatenate([trimmed(without_end, one, size), trimmed(without_start, two, size)])
    loud = np.flatnonzero(np.abs(joined) > THRESHOLD)
    assert np.diff(loud).max() < 0.015 * RATE
    assert np.abs(np.diff(joined)).max() <= np.abs(np.diff(tone(0.4))).max() * 1.1


def test_what_is_all_silence_leaves_next_to_nothing() -> None:
    assert len(trimmed(without_start, silence(0.3))) == 0
    assert len(trimmed(without_end, silence(0.3))) <= 0.005 * RATE + 1


def test_a_soft_onset_stays_of_the_silence_before_the_first_sound() -> None:
    cut: list[int] = []
    sound = np.concatenate([np.zeros(1_500), np.full(500, 0.01), np.full(2_000, 0.5)])
    blocks = [sound[:1_000].astype(np.float32), sound[1_000:].astype(np.float32)]
    made = np.concatenate(
        list(without_start(blocks, 0.02, RATE, cut.append, kept_seconds=0.02, fade_seconds=0.0))
    )
    assert cut == [2_000 - round(0.02 * RATE)]
    np.testing.assert_array_equal(made, sound[cut[0] :].astype(np.float32))


def test_a_sound_that_begins_at_once_is_left_as_it_is() -> None:
    loud = np.full(100, 0.5, dtype=np.float32)
    (made,) = without_start([loud], 0.02, RATE, kept_seconds=0.02, fade_seconds=0.0)
    np.testing.assert_array_equal(made, loud)
