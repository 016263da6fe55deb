"""Convert a voice's samples to PCM: one gain per speaker, a limiter, soft ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Sound as numbers from -1 to 1."""

PEAK = 0.8
"""How loud a voice's loudest sounds become, of 1."""
KNEE = 0.85
"""Above this to_pcm() bends what would be cut off: a voice's few loudest samples."""
AHEAD_SECONDS = 0.005
"""The limiter comes down so long before a peak,"""
STEEPNESS = 2.0
"""by so many octaves at most: what is four times too loud,"""
RELEASE = 3.0
"""and goes up again by so many in a second. Faster would bend the waves of a low voice."""
SILENCE = 0.02
"""Level below which samples count as silence, relative to the loudest."""
EDGE_SECONDS = 0.5
"""How much silence is taken off a beginning."""
ONSET_SECONDS = 0.02
"""How much of it stays: an h or an f begins softly."""
STILL = 0.125
"""Level of the silence before a voice begins, relative to SILENCE; no onset is so soft."""
KEPT_SECONDS = 0.005
"""How much of an end is faded."""


def gain_for(samples: Samples) -> float:
    """Return the gain of a voice, measured on samples of its speech."""
    peak = float(np.quantile(np.abs(samples), 0.9995)) if samples.size else 0.0
    return min(20.0, PEAK / peak) if peak > 1e-4 else 1.0


def to_pcm(samples: Samples, gain: float) -> bytes:
    """Scale samples and convert them to 16-bit PCM, each independently of its block."""
    loud = samples * gain
    over = np.abs(loud) - KNEE
    if (over > 0).any():
        bent = KNEE + (1 - KNEE) * np.tanh(np.maximum(over, 0) / (1 - KNEE))
        loud = np.where(over > 0, np.sign(loud) * bent, loud)
    pcm: bytes = np.rint(loud * 32767).astype("<i2").tobytes()
    return pcm


class Limiter:
    """A look-ahead limiter that turns peaks and their surroundings down to `ceiling`.

    One serves all pieces of an utterance: each goes on as loud as the one before it ended.
    """

    def __init__(self, ceiling: float, rate: int) -> None:
        """Limit to `ceiling` at `rate` samples per second."""
        self._ceiling = ceiling
        self._rate = rate
        self._before = 0.0  # by so many octaves the last sample was turned down

    def limited(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield limited blocks; AHEAD_SECONDS of sound are held back."""
        ahead = round(AHEAD_SECONDS * self._rate)
        held: Samples = np.zeros(0, dtype=np.float32)
        for block in blocks:
            held = np.concatenate([held, block])
            if (ready := len(held) - ahead) > 0:
                yield self._turned_down(held, ready)
                held = held[ready:]
        if held.size:
            yield self._turned_down(held, len(held))

    def _turned_down(self, samples: Samples, count: int) -> Samples:
        octaves = _octaves(samples, self._ceiling, self._rate, self._before)[:count]
        self._before = float(octaves[-1])
        sound: Samples = (samples[:count] * np.exp2(-octaves)).astype(np.float32)
        return sound


def _octaves(samples: Samples, ceiling: float, rate: int, before: float) -> Samples:
    """Return by how much each sample is turned down, in straight lines towards each peak.

    Peaks after the end of `samples` are not known for the last AHEAD_SECONDS.
    """
    over = np.log2(np.maximum(np.abs(samples) / ceiling, 1.0))
    coming = STEEPNESS / round(AHEAD_SECONDS * rate) * np.arange(len(samples))
    going = RELEASE / rate * np.arange(1, len(samples) + 1)
    over = np.minimum(over, STEEPNESS) - coming
    over = np.maximum.accumulate(over[::-1])[::-1] + coming
    down: Samples = np.maximum(np.maximum.accumulate(over + going), before) - going
    return down


def with_soft_end(blocks: Iterable[Samples], threshold: float, rate: int) -> Iterator[Samples]:
    """Yield the blocks; fade out where they end in the middle of a sound.

    Only the part that would be faded is held back.
    """
    kept = round(KEPT_SECONDS * rate)
    held: Samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        if len(held) > kept:
            yield held[:-kept]
            held = held[-kept:]
    if held.size:
        is_loud = np.abs(held).max() > threshold
        yield _faded(held[::-1], kept)[::-1] if is_loud else held


def with_soft_start(blocks: Iterable[Samples], rate: int) -> Iterator[Samples]:
    """Yield the blocks, the first one faded in: it begins in the middle of a silence."""
    blocks = iter(blocks)
    for block in blocks:
        yield _faded(block, round(KEPT_SECONDS * rate))
        yield from blocks


def without_start(
    blocks: Iterable[Samples],
    threshold: float,
    rate: int,
    on_cut: Callable[[int], None],
    kept_seconds: float = ONSET_SECONDS,
) -> Iterator[Samples]:
    """Yield the blocks without leading silence of at most EDGE_SECONDS, but for `kept_seconds`.

    `on_cut` is called with the number of removed samples, before the first block.
    """
    kept, most = round(kept_seconds * rate), round(EDGE_SECONDS * rate)
    blocks = iter(blocks)
    held: Samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        loud = np.flatnonzero(np.abs(held) > threshold)
        if loud.size or len(held) > most:
            start = max(0, min(int(loud[0]) if loud.size else most, most) - kept)
            on_cut(start)
            yield held[start:]
            yield from blocks


def _faded(samples: Samples, length: int) -> Samples:
    """Fade in the first `length` samples."""
    length = min(length, len(samples))
    rising = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
    return np.concatenate([samples[:length] * rising, samples[length:]])
