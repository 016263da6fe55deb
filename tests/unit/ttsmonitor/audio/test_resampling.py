"""A stream of sound in another sample rate."""

from __future__ import annotations

import numpy as np
import pytest

from ttsmonitor.audio.resampling import Resampler


def tone(rate: int, seconds: float = 0.5) -> np.ndarray:
    places = np.arange(round(rate * seconds)) / rate
    return np.asarray(np.rint(np.sin(2 * np.pi * 440 * places) * 12_000), dtype="<i2")


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("size", [7, 1_000, 100_000])
def test_tone_stays_the_same_whatever_the_blocks(rate: int, size: int) -> None:
    given, resampler = tone(rate).tobytes(), Resampler(rate, 24_000)
    parts = [resampler.convert(given[at : at + 2 * size]) for at in range(0, len(given), 2 * size)]
    made = np.frombuffer(b"".join([*parts, resampler.convert(b"", is_last=True)]), "<i2")
    expected = tone(24_000)
    assert len(made) == len(expected)
    assert np.abs(made.astype(int) - expected)[50:-50].max() <= 4


def test_same_rate_passes_unchanged() -> None:
    given = tone(24_000).tobytes()
    assert Resampler(24_000, 24_000).convert(given) == given
