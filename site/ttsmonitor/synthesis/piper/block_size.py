"""How much of a clause is decoded at a time.

Little at first, since somebody waits for it, but so much that it is heard until the next is there:
a slow computer begins with more. How slow it is, it learns from what it made.
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
    """What a stage takes for a frame, of those that it is run over."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)

    def learn(self, frames: int, seconds: float) -> None:
        self._seconds.append(seconds / frames)

    @property
    def seconds(self) -> float:
        """Of a frame; 0 where nothing is known."""
        return median(self._seconds) if self._seconds else 0.0


class BlockSize:
    """How many frames of a voice are decoded next."""

    def __init__(self, frame_seconds: float, decoder_context: int, flow_context: int) -> None:
        """The contexts are the frames that a stage is given beside those it is run for, on each
        side."""
        self.flow, self.decoder = Cost(), Cost()
        self.frame_seconds = frame_seconds
        self._around = 2 * decoder_context
        self._flow_frames = FLOW_FRAMES + 2 * flow_context

    def first(self) -> int:
        """Frames of the first block: it is heard while one of the same size is made."""
        decoding = CAUTION * self.decoder.seconds
        beside = decoding * self._around + CAUTION * self.flow.seconds * self._flow_frames
        if decoding >= self.frame_seconds:
            return MOST_FRAMES  # it cannot keep up, whatever it begins with
        return max(FIRST_FRAMES, ceil(beside / (self.frame_seconds - decoding)))

    def next(self, ahead_seconds: float) -> int:
        """Frames of the next block, while so much is made and not heard yet."""
        first = self.first()
        left = ahead_seconds / CAUTION - self.flow.seconds * self._flow_frames
        decodable = left / self.decoder.seconds if self.decoder.seconds else MOST_FRAMES
        return max(first, min(MOST_FRAMES, int(decodable) - self._around))
