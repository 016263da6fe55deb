"""What an output is: it is given an utterance's sound in small slices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Output(Protocol):
    """Plays one utterance at a time: begin, write…, drain, end. Raises AudioError."""

    @property
    def name(self) -> str:
        """What the pages call it, as in `pyaudio: default`."""
        ...

    @property
    def error(self) -> str:
        """Why it cannot play now; empty when it can."""
        ...

    def open(self) -> None:
        """Get ready to play. Raises AudioError with what to do. Harmless when open."""
        ...

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """An utterance starts: 16-bit mono at `sample_rate` samples per second follows."""
        ...

    def write(self, pcm: bytes) -> None:
        """Play a slice; blocks while the device has enough."""
        ...

    def flush(self) -> float:
        """Silence, now: drop what was written and not heard yet, and say how many seconds."""
        ...

    def rewind(self, seconds: float) -> None:
        """The last seconds will be written once more: they were flushed, here or elsewhere."""
        ...

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Return when everything has been heard, or as soon as `is_over()`."""
        ...

    def end(self) -> None:
        """The utterance is over."""
        ...

    def close(self) -> None:
        """Let go of the device. Any number of times."""
        ...
