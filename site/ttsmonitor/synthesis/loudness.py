"""From a voice's samples to PCM: one gain per voice, a limiter, and joints without a gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from ttsmonitor.synthesis.stages import Samples

PEAK = 0.8
"""How loud a voice's loudest sounds become, of 1."""
KNEE = 0.85
"""Above this the limiter bends what would be cut off."""
SILENCE = 0.02
"""What is below this, of the loudest, is no sound."""
EDGE_SECONDS = 0.25
"""How much of an end is looked at for silence."""
KEPT_SECONDS = 0.005


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


def without_start(blocks: Iterable[Samples], threshold: float, rate: int) -> Iterator[Samples]:
    """The blocks without the silence they begin with, at most EDGE_SECONDS of it."""
    waiting = True
    skipped, most = 0, round(EDGE_SECONDS * rate)
    for block in blocks:
        if waiting:
            loud = np.flatnonzero(np.abs(block) > threshold)
            quiet = int(loud[0]) if loud.size else len(block)
            quiet = min(quiet, most - skipped)
            waiting = not loud.size and skipped + quiet < most
            skipped += quiet
            block = block[max(0, quiet - round(KEPT_SECONDS * rate)) if not waiting else quiet :]
        if len(block):
            yield block


def without_end(blocks: Iterable[Samples], threshold: float, rate: int) -> Iterator[Samples]:
    """The blocks without the silence they end with, at most EDGE_SECONDS of it."""
    most = round(EDGE_SECONDS * rate)
    held: Samples = np.zeros(0, dtype=np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        if len(held) > most:
            yield held[:-most]
            held = held[-most:]
    loud = np.flatnonzero(np.abs(held) > threshold)
    end = int(loud[-1]) + round(KEPT_SECONDS * rate) if loud.size else 0
    if end:
        yield held[:end]
