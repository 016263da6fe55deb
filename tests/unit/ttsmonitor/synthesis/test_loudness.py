"""Levels, soft ends, and nothing held back that is to be heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from ttsmonitor.synthesis.loudness import (
    KNEE,
    PEAK,
    Limiter,
    Samples,
    to_pcm,
    with_soft_end,
    with_soft_start,
    without_start,
)

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


def without_silence(samples: Samples, size: int) -> tuple[Samples, int]:
    cut: list[int] = []
    made = list(without_start(blocks(samples, size), THRESHOLD, RATE, cut.append))
    return np.concatenate([np.zeros(0, np.float32), *made]), sum(cut)


@pytest.mark.parametrize("size", [100, 2048, 100_000])
def test_silence_before_the_first_sound_is_cut(size: int) -> None:
    samples = np.concatenate([silence(0.3), tone(0.3), silence(0.3)])
    made, cut = without_silence(samples, size)
    assert cut == pytest.approx(0.28 * RATE, abs=2), "20 ms stay"
    assert np.array_equal(made, samples[cut:])


def test_sound_that_begins_at_once_is_left_as_it_is() -> None:
    made, cut = without_silence(tone(0.3), 2048)
    assert cut == 0
    assert np.array_equal(made, tone(0.3))


def test_silence_alone_leaves_nothing() -> None:
    assert len(without_silence(silence(0.3), 2048)[0]) == 0


def test_only_the_first_block_is_faded_in() -> None:
    sound = tone(0.5)
    made = np.concatenate(list(with_soft_start(blocks(sound), RATE)))
    faded = round(0.005 * RATE)
    assert made[0] == 0 and np.abs(made[:faded]).max() < np.abs(sound[:faded]).max()
    assert np.array_equal(made[faded:], sound[faded:])


def hum(loudness: float, hertz: float = 120) -> Samples:
    time = np.arange(RATE) / RATE
    return np.asarray(loudness * np.sin(2 * np.pi * hertz * time), dtype=np.float32)


def distortion_db(samples: Samples, hertz: float = 120) -> float:
    """Of a hum: what is not that tone, beside it."""
    steady = samples[RATE // 2 :]
    strength = np.abs(np.fft.rfft(steady * np.hanning(len(steady)))) ** 2
    tone_at = round(hertz * len(steady) / RATE)
    tone_strength = strength[tone_at - 3 : tone_at + 4].sum()
    return float(10 * np.log10((strength[5:].sum() - tone_strength) / tone_strength))


def heard(samples: Samples) -> Samples:
    """As the PCM has it."""
    return (np.frombuffer(to_pcm(samples, 1.0), "<i2") / 32767).astype(np.float32)


def limit(samples: Samples, size: int = 2048) -> Samples:
    return np.concatenate(list(Limiter(KNEE, RATE).limited(blocks(samples, size))))


def test_a_voice_that_is_turned_up_keeps_the_shape_of_its_waves() -> None:
    loud = hum(2.4 * PEAK)
    made = heard(limit(loud))
    assert len(made) == len(loud) and np.abs(made).max() == pytest.approx(KNEE, abs=0.001)
    assert distortion_db(made) < -45
    assert distortion_db(heard(loud)) > -20, "one could not tell"


def test_the_limiter_comes_down_before_a_peak_and_goes_up_slowly() -> None:
    samples = np.full(RATE, 0.2, dtype=np.float32)
    samples[RATE // 2] = 4 * KNEE
    gain = limit(samples) / samples
    at, ahead = RATE // 2, round(0.005 * RATE)
    assert gain[at] == pytest.approx(0.25, rel=0.001)
    assert (gain[: at - ahead] == 1).all() and gain[-1] == pytest.approx(0.25 * 2**1.5, rel=0.001)
    steps = np.abs(np.diff(np.log2(gain)))
    assert steps.max() < 2.01 / ahead, "a step is a click"


@pytest.mark.parametrize("size", [50, 137, 100_000])
def test_blocks_do_not_matter_to_the_limiter(size: int) -> None:
    noise = np.random.default_rng(1).normal(0, 0.6, RATE).astype(np.float32)
    assert np.array_equal(limit(noise, size), limit(noise))


def test_a_piece_goes_on_as_loud_as_the_one_before_it_ended() -> None:
    whole, half = hum(2.4 * PEAK), RATE // 2
    limiter = Limiter(KNEE, RATE)
    list(limiter.limited(blocks(whole[:half])))
    second = np.concatenate(list(limiter.limited(blocks(np.full(half, 0.2, dtype=np.float32)))))
    assert second[0] < 0.2 * 0.6


def test_what_is_not_too_loud_is_left_as_it_is_and_given_at_once() -> None:
    source = blocks(hum(0.8))
    first = next(Limiter(KNEE, RATE).limited(source))
    assert len(first) > 2048 * 0.9
    assert len(next(source)) == 2048, "more than one block was taken for the first one"
    assert np.array_equal(limit(hum(0.8)), hum(0.8))


@pytest.mark.parametrize("size", [50, 2048, 100_000])
def test_what_ends_in_the_middle_of_a_sound_is_faded_within_some_milliseconds(size: int) -> None:
    samples = tone(0.3)
    made = trimmed(with_soft_end, samples, size)
    assert abs(samples[-1]) > 0.2 and abs(made[-1]) < 0.01
    assert len(made) == len(samples)
    assert np.array_equal(made[: -RATE // 200], samples[: -RATE // 200])
    assert np.abs(np.diff(made)).max() <= np.abs(np.diff(samples)).max() * 1.1


@pytest.mark.parametrize("size", [50, 2048])
def test_what_ends_in_silence_is_left_as_it_is(size: int) -> None:
    samples = np.concatenate([tone(0.3), silence(0.006)])
    assert np.array_equal(trimmed(with_soft_end, samples, size), samples)
