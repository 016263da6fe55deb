"""The interface of an output. It receives the sound of an utterance in small slices."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from ttsmirror.reasons import Reason

SLICE_SECONDS = 0.01
"""Maximum length of a slice, in seconds."""
PATIENCE_SECONDS = 2.5
"""Time limit for a device that takes no sound, in seconds. PulseAudio's null device needs two
seconds to wake up."""


NO_AUDIENCE = Reason("nobody can hear it: no sound device plays it, and no browser listens")


class Pace(IntEnum):
    """How an output is paced. Of several outputs, the one with the highest value sets the pace."""

    NONE = 0
    """Not paced: it accepts sound at any speed, like a file."""
    CLOCK = 1
    """Paced by the clock, in real time."""
    DEVICE = 2
    """Paced by the sound device."""


class Output(Protocol):
    """Plays one utterance at a time: begin, wait_for_room and write…, drain, end."""

    @property
    def name(self) -> str:
        """The name that the pages show, as in `pyaudio: default`."""
        ...

    @property
    def error(self) -> str:
        """Why it cannot play now; empty when it can."""
        ...

    @property
    def pace(self) -> Pace:
        """How it is paced."""
        ...

    @property
    def has_audience(self) -> bool:
        """True unless what is played now reaches nobody, as with no browser that listens."""
        ...

    @property
    def buffered_seconds(self) -> float:
        """Length of the sound that was written and is not heard yet, by estimate, in seconds."""
        ...

    def open(self) -> None:
        """Get ready to play. Harmless when open. Raises AudioError that says what to do."""
        ...

    def wake(self) -> None:
        """Prepare for an utterance that is being synthesized. Return at once, raise nothing."""
        ...

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """Start an utterance of 16-bit mono at `sample_rate` samples per second.

        Raises AudioError.
        """
        ...

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Wait until a slice can be written; return False if `is_over()` came first.

        Raises AudioError if it takes no sound for `patience_seconds`.
        """
        ...

    def write(self, pcm: bytes) -> None:
        """Play a slice; block only if there is no room for it. Raises AudioError."""
        ...

    def flush(self) -> float:
        """Silence the output: drop the sound not heard yet and return its length in seconds."""
        ...

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` were flushed and will be written again."""
        ...

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`. Raises AudioError."""
        ...

    def end(self) -> None:
        """Finish the utterance. Raises AudioError."""
        ...

    def close(self) -> None:
        """Release the device. Idempotent."""
        ...
