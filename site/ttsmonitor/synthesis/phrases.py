"""Speak a text with pauses through an engine that knows none, and place its words in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ttsmonitor.synthesis.base import Block, Emit, Engine, Mark, SpeechRequest

SILENT_BLOCK_SECONDS = 0.25
_SILENT_SAMPLE = 328
"""A hundredth of full scale: what is softer is heard as silence."""


def speak_phrases(engine: Engine, request: SpeechRequest, emit: Emit) -> None:
    """Have `engine` speak the pieces of `request`, with silence between them."""
    sound = _Sound(emit)
    bare = replace(request, pauses=())
    for start, text, seconds in _pieces(request):
        sound.pause(seconds)
        if text and sound.is_wanted:
            places = _Places(text, start)
            engine.speak(replace(bare, text=text), sound.emitter(places))
    sound.finish()


def _pieces(request: SpeechRequest) -> Iterator[tuple[int, str, float]]:
    """Yield where each piece begins, its text, and the silence before it."""
    start, seconds = 0, 0.0
    for pause in request.pauses:
        yield from _piece(request.text[: pause.offset], start, seconds)
        start, seconds = pause.offset, pause.seconds
    yield from _piece(request.text, start, seconds)


def _piece(text: str, start: int, seconds: float) -> Iterator[tuple[int, str, float]]:
    words = text[start:].strip()
    if words or seconds:
        yield start + len(text[start:]) - len(text[start:].lstrip()), words, seconds


class _Places:
    """Finds the words of a piece in the text, in their order."""

    def __init__(self, text: str, start: int) -> None:
        self._text = text
        self._start = start
        self._next = 0

    def placed(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Return `marks` with their offsets in the whole text."""
        return tuple(replace(mark, offset=self._start + self._place(mark)) for mark in marks)

    def _place(self, mark: Mark) -> int:
        if mark.offset is not None:
            return mark.offset
        found = self._text.find(mark.word, self._next)
        if found >= 0:
            self._next = found + len(mark.word)
        return found if found >= 0 else self._next


class _Sound:
    """Passes blocks on, and knows how much silence was the last that was heard."""

    def __init__(self, emit: Emit) -> None:
        self.is_wanted = True
        self._emit = emit
        self._rate = 0
        self._silent_samples = 0
        self._pause_seconds = 0.0

    def emitter(self, places: _Places) -> Emit:
        """Return what an engine gives the blocks of a piece to."""
        return lambda block: self._take(block, places)

    def _take(self, block: Block, places: _Places) -> bool:
        self._rate = block.sample_rate
        self._keep_pause()
        samples = np.frombuffer(block.pcm, dtype="<i2")
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENT_SAMPLE)
        if len(loud):
            self._silent_samples = len(samples) - 1 - int(loud[-1])
        else:
            self._silent_samples += len(samples)
        return self._pass_on(replace(block, marks=places.placed(block.marks)))

    def pause(self, seconds: float) -> None:
        """Be silent for so long, counting the silence that is heard already."""
        self._pause_seconds = seconds
        if self._rate:
            self._keep_pause()

    def finish(self) -> None:
        """Keep a pause at the end."""
        if self._rate:
            self._keep_pause()

    def _keep_pause(self) -> None:
        left = round(self._pause_seconds * self._rate) - self._silent_samples
        if self._pause_seconds:
            self._pause_seconds, self._silent_samples = 0.0, 0
        step = round(SILENT_BLOCK_SECONDS * self._rate)
        while left > 0 and self.is_wanted:
            self._pass_on(Block(bytes(2 * min(left, step)), self._rate))
            left -= step

    def _pass_on(self, block: Block) -> bool:
        self.is_wanted = self.is_wanted and self._emit(block)
        return self.is_wanted
