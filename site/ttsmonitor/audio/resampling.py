"""Change the sample rate of a stream of sound."""

from __future__ import annotations

from math import ceil, gcd

import numpy as np
import numpy.typing as npt

ZERO_CROSSINGS = 16
"""Of the filter on each side: more make it steeper."""
STEP = 1_024
"""Samples that are made at once, which takes less than a millisecond."""
_NOTHING = np.zeros(0, dtype=np.float32)


class Resampler:
    """Resamples 16-bit mono PCM block by block, by a windowed sinc filter."""

    def __init__(self, source_rate: int, target_rate: int) -> None:
        """Convert from one rate to the other, both in samples per second."""
        divisor = gcd(source_rate, target_rate)
        self._up, self._down = target_rate // divisor, source_rate // divisor
        cutoff = min(1.0, target_rate / source_rate)
        self._around = ceil(ZERO_CROSSINGS / cutoff)
        taps = np.arange(1 - self._around, self._around + 1)
        distance = np.arange(self._up)[:, None] / self._up - taps[None, :]
        window = np.cos(np.pi / 2 * np.clip(distance / self._around, -1, 1)) ** 2
        filters = cutoff * np.sinc(cutoff * distance) * window
        self._filters = (filters / filters.sum(axis=1, keepdims=True)).astype(np.float32)
        # Silence before the beginning, as much as the filter looks back.
        self._held: npt.NDArray[np.float32] = np.zeros(self._around - 1, dtype=np.float32)
        self._next = 0  # of the result, in 1/up samples from the beginning of what is held

    def convert(self, pcm: bytes, *, is_last: bool = False) -> bytes:
        """Return the sound that is ready; `is_last` ends the stream."""
        if self._up == self._down:
            return pcm
        given = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
        end = np.zeros(self._around if is_last else 0, dtype=np.float32)
        held = np.concatenate([self._held, given, end])
        ready = (len(held) - 2 * self._around + 1) * self._up
        places = np.arange(self._next, max(self._next, ready), self._down)
        # In small steps, between which another thread of this process may go on.
        steps = [places[at : at + STEP] for at in range(0, len(places), STEP)]
        made = np.concatenate([_NOTHING, *(self._filtered(held, step) for step in steps)])
        following = self._next + len(places) * self._down
        used = min(following // self._up, len(held))
        self._held, self._next = held[used:], following - used * self._up
        sound: bytes = np.rint(made).clip(-32768, 32767).astype("<i2").tobytes()
        return sound

    def _filtered(
        self, held: npt.NDArray[np.float32], places: npt.NDArray[np.int_]
    ) -> npt.NDArray[np.float32]:
        """Return the samples at these places of the result."""
        starts, phases = places // self._up, places % self._up
        windows = held[starts[:, None] + np.arange(2 * self._around)]
        made: npt.NDArray[np.float32] = np.einsum("ij,ij->i", windows, self._filters[phases])
        return made
