"""Choose how many frames of a clause are decoded at a time.

The first block is small, since somebody waits for it, but long enough to last until the next one is
ready: a slow computer begins with more. The speed is learned from earlier blocks.
"""

from __future__ import annotations

from collections import deque
from math import ceil
from statistics import median

FIRST_FRAMES, MOST_FRAMES = 6, 32
"""More at once is cheaper, and takes longer to be given up."""
FLOW_FRAMES = 96
CAUTION = 1.5
"""A block may take so many times longer than lately."""
REMEMBERED = 15
"""Runs of a stage; some of them are slow by chance."""


class Cost:
    """The running time of a stage for each frame."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)

    def learn(self, frames: int, seconds: float) -> None:
        """Take in a measurement."""
        self._seconds.append(seconds / frames)

    @property
    def seconds(self) -> float:
        """Seconds per frame; 0 while nothing is known."""
        return median(self._seconds) if self._seconds else 0.0


class BlockSize:
    """The number of frames to decode next."""

    def __init__(self, frame_seconds: float, decoder_context: int, flow_context: int) -> None:
        """Take the frames that a stage needs as context on each side."""
        self.flow, self.decoder = Cost(), Cost()
        self.frame_seconds = frame_seconds
        self._around = 2 * decoder_context
        self._flow_frames = FLOW_FRAMES + 2 * flow_context

    def first(self) -> int:
        """Return the frames of the first block: it lasts while one of the same size is made."""
        decoding = CAUTION * self.decoder.seconds
        beside = decoding * self._around + CAUTION * self.flow.seconds * self._flow_frames
        if decoding >= self.frame_seconds:
            return MOST_FRAMES  # it cannot keep up, whatever it begins with
        wanted = ceil(beside / (self.frame_seconds - decoding))
        # Bounded: memory grows with the block, and a computer this slow has gaps anyway.
        return min(MOST_FRAMES, max(FIRST_FRAMES, wanted))

    def next(self, ahead_seconds: float) -> int:
        """Return the frames of the next block, while `ahead_seconds` are made and not heard yet."""
        first = self.first()
        left = ahead_seconds / CAUTION - self.flow.seconds * self._flow_frames
        decodable = left / self.decoder.seconds if self.decoder.seconds else MOST_FRAMES
        return max(first, min(MOST_FRAMES, int(decodable) - self._around))
