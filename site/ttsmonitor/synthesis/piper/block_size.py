"""Choose how many frames of a clause are decoded at a time.

The first block is small, so that it is heard soon, but long enough to last until the next one is
ready: a slow computer begins with a larger one. The speed is measured on earlier blocks.
"""

from __future__ import annotations

from collections import deque
from math import ceil
from statistics import median

FIRST_FRAMES, MOST_FRAMES = 6, 32
"""Smallest and largest block, in frames. A larger block costs less per frame, but delays a
cancellation."""
FLOW_FRAMES = 96
CAUTION = 1.5
"""Factor by which a block may take longer than measured."""
REMEMBERED = 15
"""Number of measurements for the median: single runs may be slow by chance."""


class Cost:
    """The running time of a stage for each frame."""

    def __init__(self) -> None:
        """Start without measurements."""
        self._seconds: deque[float] = deque(maxlen=REMEMBERED)

    def learn(self, frames: int, seconds: float) -> None:
        """Add a measurement."""
        self._seconds.append(seconds / frames)

    @property
    def seconds(self) -> float:
        """Seconds per frame; 0 before the first measurement."""
        return median(self._seconds) if self._seconds else 0.0


class BlockSize:
    """The number of frames to decode next."""

    def __init__(self, frame_seconds: float, decoder_context: int, flow_context: int) -> None:
        """Set the frames that each stage needs as context on each side."""
        self.flow, self.decoder = Cost(), Cost()
        self.frame_seconds = frame_seconds
        self._around = 2 * decoder_context
        self._flow_frames = FLOW_FRAMES + 2 * flow_context

    def first(self) -> int:
        """Return the frames of the first block: it lasts while one of the same size is made."""
        decoding = CAUTION * self.decoder.seconds
        beside = decoding * self._around + CAUTION * self.flow.seconds * self._flow_frames
        if decoding >= self.frame_seconds:
            return MOST_FRAMES  # it cannot keep up with any first block
        wanted = ceil(beside / (self.frame_seconds - decoding))
        # Memory grows with the block, and such a slow computer has gaps anyway.
        return min(MOST_FRAMES, max(FIRST_FRAMES, wanted))

    def next(self, ahead_seconds: float) -> int:
        """Return the frames of the next block, while `ahead_seconds` are made and not heard yet."""
        first = self.first()
        left = ahead_seconds / CAUTION - self.flow.seconds * self._flow_frames
        decodable = left / self.decoder.seconds if self.decoder.seconds else MOST_FRAMES
        return max(first, min(MOST_FRAMES, int(decodable) - self._around))
