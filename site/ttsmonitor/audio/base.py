"""What an output is: it is given an utterance's sound in small slices."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

SLICE_SECONDS = 0.01
"""What is written at a time, at most."""
PATIENCE_SECONDS = 2.5
"""How long a device may take no sound; PulseAudio's own null device takes two to wake up."""


class Pace(IntEnum):
    """What an output knows of time. Of several, the one that knows the most sets the pace."""

    NONE = 0
    """Takes whatever it is given, as a file does."""
    CLOCK = 1
    """Takes as long as the sound would, by the clock."""
    DEVICE = 2
    """Takes as long as the sound does."""


class Output(Protocol):
    """Plays one utterance at a time: begin, wait_for_room and write…, drain, end."""

    @property
    def name(self) -> str:
        """What the pages call it, as in `pyaudio: default`."""
        ...

    @property
    def error(self) -> str:
        """Why it cannot play now; empty when it can."""
        ...

    @property
    def pace(self) -> Pace:
        """What it knows of time."""
        ...

    def open(self) -> None:
        """Get ready to play. Raises AudioError with what to do. Harmless when open."""
        ...

    def wake(self) -> None:
        """An utterance is being made: be awake when it begins. Returns at once, raises nothing."""
        ...

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """An utterance starts: 16-bit mono at `sample_rate` samples per second follows.

        Raises AudioError.
        """
        ...

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Return when a slice can be written; False where `is_over()` came first.

        Raises AudioError where it takes no sound for `patience_seconds`.
        """
        ...

    def write(self, pcm: bytes) -> None:
        """Play a slice. Blocks only where there is no room for it. Raises AudioError."""
        ...

    def flush(self) -> float:
        """Silence, now: drop what was written and not heard yet, and say how many seconds."""
        ...

    def rewind(self, seconds: float) -> None:
        """The last seconds will be written once more: they were flushed, here or elsewhere."""
        ...

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Return when everything has been heard, or as soon as `is_over()`. Raises AudioError."""
        ...

    def end(self) -> None:
        """The utterance is over. Raises AudioError."""
        ...

    def close(self) -> None:
        """Let go of the device. Any number of times."""
        ...
