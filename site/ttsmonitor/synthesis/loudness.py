"""From a voice's samples to PCM: one gain per speaker, a limiter, and joints without a gap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ttsmonitor.synthesis.stages import Samples

PEAK = 0.8
"""How loud a voice's loudest sounds become, of 1."""
KNEE = 0.85
"""Above this the limiter bends what would be cut off."""
SILENCE = 0.02
"""What is below this, of the loudest, is no sound."""
EDGE_SECONDS = 0.5
"""How much silence is taken off an end."""
KEPT_SECONDS = 0.005
"""How much of an end stays, to be faded."""


def gain_for(samples: Samples) -> float:
    """The gain of a voice, from something it said."""
    peak = float(np.quantile(np.abs(samples), 0.9995)) if samples.size else 0.0
    return min(20.0, PEAK / peak) if peak > 1e-4 else 1.0


def to_pcm(samples: Samples, gain: float) -> bytes:
    """16-bit PCM of `samples` times `gain`; each sample by itself, so blocks do not matter."""
    loud = samples * gain
    over = np.abs(loud) - KNEE
    if (over > 0).any():
        bent = KNEE + (1 - KNEE) * np.tanh(np.maximum(over, 0) / (1 - KNEE))
        loud = np.where(over > 0, np.sign(loud) * bent, loud)
    pcm: bytes = np.rint(loud * 32767).astype("<i2").tobytes()
    return pcm


def without_start(
    blocks: Iterable[Samples],
    threshold: float,
    rate: int,
    on_cut: Callable[[int], None] = lambda samples: None,
    *,
    kept_seconds: float = KEPT_SECONDS,
    fade_seconds: float = KEPT_SECONDS,
) -> Iterator[Samples]:
    """The blocks without the silence they begin with, at most EDGE_SECONDS of it; faded in.

    `kept_seconds` of it stay. `on_cut` is told how many samples went, before the first block is
    given.
    """
    kept, most = round(kept_seconds * rate), round(EDGE_SECONDS * rate)
    blocks = iter(blocks)
    held: Samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        loud = np.flatnonzero(np.abs(held) > threshold)
        if loud.size or len(held) > most:
            start = min(int(loud[0]) if loud.size else most, most) - kept
            on_cut(max(0, start))
            yield _faded(held[max(0, start) :], round(fade_seconds * rate))
            yield from blocks


def without_end(blocks: Iterable[Samples], threshold: float, rate: int) -> Iterator[Samples]:
    """The blocks without the silence they end with, at most EDGE_SECONDS of it; faded out.

    Only what may be that silence is held back, and the little that is faded.
    """
    kept, most = round(KEPT_SECONDS * rate), round(EDGE_SECONDS * rate)
    held: Samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        loud = np.flatnonzero(np.abs(held[:-kept]) > threshold)
        end = max(int(loud[-1]) + 1 if loud.size else 0, len(held) - most)
        if end:
            yield held[:end]
            held = held[end:]
    loud = np.flatnonzero(np.abs(held) > threshold)
    end = (int(loud[-1]) + 1 if loud.size else 0) + kept
    if len(held):
        yield _faded(held[:end][::-1], kept)[::-1]


def _faded(samples: Samples, length: int) -> Samples:
    """`samples`, of which the first `length` grow from nothing."""
    length = min(length, len(samples))
    rising = np.linspace(0, 1, length, endpoint=False, dtype=np.float32)
    return np.concatenate([samples[:length] * rising, samples[length:]])
