"""When each word of an utterance is heard, and how loud it is.

The offsets of marks are places in the written text here.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Any

import numpy as np

from ttsmonitor.synthesis.base import Block, Mark

LEVEL_SECONDS = 0.05
"""Length of sound that one level describes, in seconds."""
LEVELS_KEPT = 100
BLOCKS_KEPT = 50
"""Maximum number of blocks that wait to be measured; older ones are dropped."""
LOUDEST = 0.3
"""Effective level of the loudest speech, relative to full scale."""

_WORD = re.compile(r"[^ \t\r\n]+")
"""The words of a text. The page splits it in the same way to highlight them."""


class Timeline:
    """Words and levels over time. add() is for the playing thread, the rest for any."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, tuple[Mark, ...]]] = deque()
        self._blocks: deque[tuple[float, Block]] = deque(maxlen=BLOCKS_KEPT)
        self._lock = threading.Lock()
        self._text = ""
        self._begins: list[int] = []  # of the written words
        self._words: list[tuple[float, int]] = []
        self._levels: list[int] = []
        self._levels_begin = 0  # the number of the first level that is kept
        self._rest = np.zeros(0, dtype=np.float32)

    def add(self, seconds: float, block: Block) -> None:
        """Add a block that will be heard from `seconds` of the utterance on."""
        if block.marks:
            self._marks.append((seconds, block.marks))
        self._blocks.append((seconds, block))

    def words(self, text: str, known: int = 0) -> list[tuple[float, int]]:
        """Return when each word of `text` begins, by its number, without the first `known`."""
        with self._lock:
            if text != self._text:
                self._text = text
                self._begins = [word.start() for word in _WORD.finditer(text)]
            while self._marks:
                begin, marks = self._marks.popleft()
                self._words += (
                    (round(begin + mark.seconds, 2), self._word_at(mark.offset))
                    for mark in marks
                    if mark.offset is not None and self._begins
                )
            return self._words[known:]

    def _word_at(self, place: int) -> int:
        """Return the number of the written word at that place of the text."""
        return max(0, bisect_right(self._begins, place) - 1)

    def levels(self, known: int = 0) -> tuple[int, list[int]]:
        """Return the levels, 0 to 100, one per LEVEL_SECONDS, without the first `known`.

        The first value is the number of the first level.
        """
        with self._lock:
            while self._blocks:
                self._measure(*self._blocks.popleft())
            begin = max(known, self._levels_begin)
            return begin, self._levels[begin - self._levels_begin :]

    def _measure(self, seconds: float, block: Block) -> None:
        length = round(LEVEL_SECONDS * block.sample_rate)
        number = round(seconds / LEVEL_SECONDS - len(self._rest) / length)
        if number > self._levels_begin + len(self._levels):  # blocks were dropped
            number = round(seconds / LEVEL_SECONDS)
            self._levels, self._levels_begin = [], number
            self._rest = self._rest[:0]
        samples = np.frombuffer(block.pcm, dtype="<i2").astype(np.float32) / 32_768
        sound = np.concatenate([self._rest, samples])
        whole = len(sound) // length
        self._rest = sound[whole * length :]
        self._levels += _loudness(sound[: whole * length].reshape(whole, length))
        excess = max(0, len(self._levels) - LEVELS_KEPT)
        self._levels_begin += excess
        del self._levels[:excess]


def _loudness(rows: Any) -> list[int]:
    """Return a loudness of 0 to 100 for each row of samples, as an ear would rank them."""
    effective: Sequence[float] = np.sqrt(np.mean(np.square(rows), axis=1)) if len(rows) else []
    return [min(100, round(100 * (float(each) / LOUDEST) ** 0.5)) for each in effective]
