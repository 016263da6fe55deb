"""Choose how much of a sentence is made at a time: ids read, frames decoded, sound held back.

The first block is small, since somebody waits for it, but long enough to last until the next one is
ready: a slow computer begins with more. The speed is learned from earlier blocks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from itertools import pairwise
from math import ceil, inf

FIRST_FRAMES, MOST_FRAMES = 6, 32
"""More at once is cheaper, and takes longer to be given up."""
FLOW_FRAMES = 96
FIRST_IDS, MOST_IDS = 100, 600
"""Phoneme ids that the text stage reads at once, about 45 and 270 characters. It begins with the
first, or more on a fast computer, and goes on with the second, or less on a slow one."""
FIRST_SECONDS = 0.015
"""Time that a fast computer takes for the first run of the text stage."""
CAUTION = 2.0
"""A block may take so many times longer than lately."""
LONG_CAUTION = 1.3
"""The rest of a sentence may take so many times longer: over many blocks it evens out."""
HELD_SECONDS = 8.0
"""The first sound is held back so long, at most; soon after, the process would count as hanging."""
REMEMBERED = 15
"""Runs of a stage."""
CHANCE = 2
"""So many of them were slow by chance."""


class Cost:
    """The running time of a stage for each frame, or id."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._runs: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)

    def learn(self, count: int, seconds: float) -> None:
        """Take in a measurement."""
        self._runs.append((count, seconds))

    @property
    def seconds(self) -> float:
        """Seconds per frame; 0 while nothing is known."""
        usual = self._usual()
        return sum(seconds for _count, seconds in usual) / max(1, sum(count for count, _ in usual))

    @property
    def stall_seconds(self) -> float:
        """How much longer than usual a run takes, at most."""
        each = self.seconds
        return max((seconds - count * each for count, seconds in self._usual()), default=0.0)

    def _usual(self) -> list[tuple[int, float]]:
        runs = sorted(self._runs, key=lambda run: run[1] / run[0])
        return runs[: max(1, len(runs) - CHANCE)]


class BlockSize:
    """The number of frames to decode next."""

    def __init__(self, frame_seconds: float, decoder_context: int, flow_context: int) -> None:
        """Take the frames that a stage needs as context on each side."""
        self.text, self.flow, self.decoder = Cost(), Cost(), Cost()
        self.frame_seconds = frame_seconds
        self.context = decoder_context + flow_context
        """Frames of the noisy latent that are needed after the last one to be decoded."""
        self._around = 2 * decoder_context
        self._flow_frames = FLOW_FRAMES + 2 * flow_context

    def first(self) -> int:
        """Return the frames of the first block: it lasts while one of the same size is made."""
        # Bounded: memory grows with the block.
        return int(min(MOST_FRAMES, max(FIRST_FRAMES, self._lasting())))

    def next(self, ahead_seconds: float) -> int:
        """Return the frames of the next block, while `ahead_seconds` are made and not heard yet."""
        first = self.first()
        left = (ahead_seconds - self.decoder.stall_seconds) / CAUTION
        left -= self.flow.seconds * self._flow_frames
        decodable = left / self.decoder.seconds if self.decoder.seconds else MOST_FRAMES
        return max(first, min(MOST_FRAMES, int(decodable) - self._around))

    def held_seconds(self, frames: int, latent: int, reads: Mapping[int, int]) -> float:
        """Return how much sound has to be made before any is heard, so that no gap follows.

        `frames` are still to be decoded; `latent` of them need the flow no more. `reads` maps a
        frame to the ids that the text stage reads before it. On a slow computer this goes through
        what is to be made, block by block, and through what is heard meanwhile.
        """
        if self._lasting() <= MOST_FRAMES:
            return 0.0
        windows = range(max(0, latent), frames, FLOW_FRAMES)
        stops = sorted({*reads, *windows, *range(0, frames, MOST_FRAMES), frames})
        passed = late = 0.0
        for start, stop in pairwise(stops):
            passed += self.text.seconds * reads.get(start, 0)
            passed += self.flow.seconds * (self._flow_frames if start in windows else 0)
            passed += self.decoder.seconds * (stop - start + self._around)
            late = max(late, LONG_CAUTION * passed - start * self.frame_seconds)
        return late + self.flow.stall_seconds + self.decoder.stall_seconds

    def first_ids(self) -> int:
        """Return how many ids the text stage reads before the first sound."""
        readable = FIRST_SECONDS / self.text.seconds if self.text.seconds else FIRST_IDS
        return max(FIRST_IDS, min(MOST_IDS, int(readable)))

    def ids(self, ahead_seconds: float) -> int:
        """Return how many ids the text stage reads next, with `ahead_seconds` in hand."""
        left = ahead_seconds / CAUTION - self._beside_seconds()
        readable = left / self.text.seconds if self.text.seconds else MOST_IDS
        return max(FIRST_IDS, min(MOST_IDS, int(readable)))

    def cover(self, ids: int) -> int:
        """Return the frames that last, from the first block on, while `ids` more are read."""
        seconds = CAUTION * (self.text.seconds * ids + self._beside_seconds())
        seconds += self.text.stall_seconds + self.decoder.stall_seconds
        return self.first() + self.context + ceil(seconds / self.frame_seconds)

    @property
    def slowness(self) -> float:
        """Seconds that a second of sound takes to be made; 0 while nothing is known."""
        decoding = self.decoder.seconds * (1 + self._around / MOST_FRAMES)
        flowing = self.flow.seconds * self._flow_frames / FLOW_FRAMES
        return (decoding + flowing) / self.frame_seconds

    def _lasting(self) -> float:
        """Return the frames of a block that lasts while one of the same size is made."""
        decoding = CAUTION * self.decoder.seconds
        if decoding >= self.frame_seconds:
            return inf
        beside = CAUTION * self._beside_seconds() + self.decoder.stall_seconds
        return ceil(beside / (self.frame_seconds - decoding))

    def _beside_seconds(self) -> float:
        """Return what a block takes beside the decoding of its own frames."""
        return self.decoder.seconds * self._around + self.flow.seconds * self._flow_frames
