"""Joints without a gap and without a click, and nothing held back that is to be heard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pytest

from ttsmonitor.synthesis.loudness import (
    KNEE,
    PEAK,
    Edge,
    Limiter,
    Samples,
    to_pcm,
    with_soft_end,
    without_end,
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


def test_sound_is_emitted_before_its_end_is_known() -> None:
    source = blocks(tone(2.0))
    first = next(without_end(source, THRESHOLD, RATE))
    assert len(first) > 2048 * 0.9
    assert len(next(source)) == 2048, "more than one block was taken for the first one"


@pytest.mark.parametrize("size", [100, 2048, 100_000])
def test_only_silence_at_the_ends_is_trimmed(size: int) -> None:
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
def test_joint_has_no_gap_and_no_click(size: int, quiet: float) -> None:
    sound = tone(0.4)
    if quiet:  # a sound that ends by itself; else it ends in the middle
        sound *= np.minimum(1, np.arange(len(sound))[::-1] / 500)
    one = np.concatenate([sound, silence(quiet)])
    two = -one[::-1]
    joined = np.concatenate([trimmed(without_end, one, size), trimmed(without_start, two, size)])
    loud = np.flatnonzero(np.abs(joined) > THRESHOLD)
    assert np.diff(loud).max() < 0.015 * RATE
    assert np.abs(np.diff(joined)).max() <= np.abs(np.diff(tone(0.4))).max() * 1.1


def test_pure_silence_is_trimmed_to_almost_nothing() -> None:
    assert len(trimmed(without_start, silence(0.3))) == 0
    assert len(trimmed(without_end, silence(0.3))) <= 0.005 * RATE + 1


def test_soft_onset_is_kept_when_trimming_silence() -> None:
    cut: list[int] = []
    sound = np.concatenate([np.zeros(1_500), np.full(500, 0.01), np.full(2_000, 0.5)])
    blocks = [sound[:1_000].astype(np.float32), sound[1_000:].astype(np.float32)]
    made = np.concatenate(list(without_start(blocks, 0.02, RATE, cut.append, Edge(0.02, 0.0))))
    assert cut == [2_000 - round(0.02 * RATE)]
    np.testing.assert_array_equal(made, sound[cut[0] :].astype(np.float32))


def test_sound_without_leading_silence_is_unchanged() -> None:
    loud = np.full(100, 0.5, dtype=np.float32)
    (made,) = without_start([loud], 0.02, RATE, edge=Edge(0.02, 0.0))
    np.testing.assert_array_equal(made, loud)


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


def test_amplified_voice_keeps_its_waveform() -> None:
    loud = hum(2.4 * PEAK)
    made = heard(limit(loud))
    assert len(made) == len(loud) and np.abs(made).max() == pytest.approx(KNEE, abs=0.001)
    assert distortion_db(made) < -45
    assert distortion_db(heard(loud)) > -20, "one could not tell"


def test_limiter_attacks_before_peak_and_releases_slowly() -> None:
    samples = np.full(RATE, 0.2, dtype=np.float32)
    samples[RATE // 2] = 4 * KNEE
    gain = limit(samples) / samples
    at, ahead = RATE // 2, round(0.005 * RATE)
    assert gain[at] == pytest.approx(0.25, rel=0.001)
    assert (gain[: at - ahead] == 1).all() and gain[-1] == pytest.approx(0.25 * 2**1.5, rel=0.001)
    steps = np.abs(np.diff(np.log2(gain)))
    assert steps.max() < 2.01 / ahead, "a step is a click"


@pytest.mark.parametrize("size", [50, 137, 100_000])
def test_limiter_result_is_independent_of_block_sizes(size: int) -> None:
    noise = np.random.default_rng(1).normal(0, 0.6, RATE).astype(np.float32)
    assert np.array_equal(limit(noise, size), limit(noise))


def test_next_piece_starts_at_previous_loudness() -> None:
    whole, half = hum(2.4 * PEAK), RATE // 2
    limiter = Limiter(KNEE, RATE)
    list(limiter.limited(blocks(whole[:half])))
    second = np.concatenate(list(limiter.limited(blocks(np.full(half, 0.2, dtype=np.float32)))))
    assert second[0] < 0.2 * 0.6


def test_quiet_sound_is_emitted_unchanged_and_at_once() -> None:
    source = blocks(hum(0.8))
    first = next(Limiter(KNEE, RATE).limited(source))
    assert len(first) > 2048 * 0.9
    assert len(next(source)) == 2048, "more than one block was taken for the first one"
    assert np.array_equal(limit(hum(0.8)), hum(0.8))


@pytest.mark.parametrize("size", [50, 2048, 100_000])
def test_abrupt_end_is_faded_within_milliseconds(size: int) -> None:
    samples = tone(0.3)
    made = trimmed(with_soft_end, samples, size)
    assert abs(samples[-1]) > 0.2 and abs(made[-1]) < 0.01
    assert len(made) == len(samples)
    assert np.array_equal(made[: -RATE // 200], samples[: -RATE // 200])
    assert np.abs(np.diff(made)).max() <= np.abs(np.diff(samples)).max() * 1.1


@pytest.mark.parametrize("size", [50, 2048])
def test_end_in_silence_is_unchanged(size: int) -> None:
    samples = np.concatenate([tone(0.3), silence(0.006)])
    assert np.array_equal(trimmed(with_soft_end, samples, size), samples)
