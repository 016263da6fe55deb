"""Play test signals to an output and inspect the recording."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tests.support.sound import LOUD, RATE
from tests.support.tools import wait_until
from ttsmonitor.audio.base import Output
from ttsmonitor.audio.playback import CancelledError, Controls, Playback
from ttsmonitor.exceptions import AudioError
from ttsmonitor.synthesis.base import Block

STEP = 220
AMPLITUDE = 12_000
SINE_JUMP = AMPLITUDE * 2 * np.pi * 200 / RATE
"""The largest difference between neighbouring samples of sine()."""


def speech(seconds: float = 1.0, seed: int = 1) -> np.ndarray:
    """Return noise in the voice band; it correlates with no other signal."""
    noise = np.random.default_rng(seed).normal(0, 12_000, round(seconds * RATE))
    smooth = np.convolve(noise, np.hanning(10) / np.hanning(10).sum(), mode="same")
    return np.clip(smooth, -32000, 32000).astype("<i2")


def sine(seconds: float) -> np.ndarray:
    """Return a loud 200 Hz tone, in which every discontinuity shows."""
    return np.asarray(AMPLITUDE * np.sin(2 * np.pi * 200 * np.arange(seconds * RATE) / RATE), "<i2")


def never() -> bool:
    return False


def play(output: Output, samples: np.ndarray, rate: int = RATE) -> None:
    output.begin("test", rate)
    for start in range(0, len(samples), STEP):
        assert output.wait_for_room(never)
        output.write(samples[start : start + STEP].tobytes())


class Talk:
    """A Playback of `samples` on its own thread."""

    def __init__(self, output: Output, samples: np.ndarray) -> None:
        self.controls = Controls()
        self.error: Exception | None = None
        self.has_begun = threading.Event()
        self.playback = Playback(output, self.controls, "test", self.has_begun.set)
        self._block = Block(samples.tobytes(), RATE)
        self._thread = threading.Thread(target=self._play)

    def start(self) -> None:
        self._thread.start()

    def wait_for(self, seconds: float) -> None:
        """Wait until this many seconds were written to the device."""
        wait_until(lambda: self.playback.seconds > seconds)

    def wait(self, seconds: float = 10) -> None:
        self._thread.join(seconds)
        assert not self._thread.is_alive()

    def _play(self) -> None:
        try:
            self.playback.play(self._block)
            self.playback.finish()
        except (CancelledError, AudioError) as exc:
            self.error = exc
            self.playback.abandon()


@contextmanager
def talking(output: Output, samples: np.ndarray) -> Iterator[Talk]:
    output.open()
    talk = Talk(output, samples)
    talk.start()
    try:
        yield talk
    finally:
        talk.playback.cancel()
        talk.wait()


def loud_parts(recorded: np.ndarray) -> np.ndarray:
    """Return first and last index of each part that is not silent."""
    loud = np.flatnonzero(np.abs(recorded) > LOUD)
    breaks = np.flatnonzero(np.diff(loud) > RATE // 20)
    return np.stack([np.r_[loud[0], loud[breaks + 1]], np.r_[loud[breaks], loud[-1]]], axis=1)


def largest_jump(recorded: np.ndarray) -> int:
    return int(np.abs(np.diff(recorded.astype(int))).max())
