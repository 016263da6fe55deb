"""When a phoneme begins, by estimate."""

from __future__ import annotations

import pytest

from ttsmonitor.synthesis.piper.timing import estimated_begins


def test_vowels_and_pauses_take_longer_than_the_rest() -> None:
    found = estimated_begins(list("ka,ta"), 1_000)
    lengths = [end - start for start, end in zip(found, [*found[1:], 1_000], strict=True)]
    assert lengths[2] > lengths[1] > lengths[0] > 0
    assert sum(lengths) == pytest.approx(1_000)
