"""The interface of an output, which is given an utterance's sound in small slices."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

from ttsmirror.reasons import Reason

SLICE_SECONDS = 0.01
"""Length of a slice, at most."""
PATIENCE_SECONDS = 2.5
"""How long a device may take no sound; PulseAudio's own null device takes two to wake up."""


NO_AUDIENCE = Reason("nobody can hear it: no sound device plays it, and no browser listens")


class Pace(IntEnum):
    """How an output knows time. Of several outputs, the one that knows most sets the pace."""

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
        """The name that the pages show, as in `pyaudio: default`."""
        ...

    @property
    def error(self) -> str:
        """Why it cannot play now; empty when it can."""
        ...

    @property
    def pace(self) -> Pace:
        """How it knows time."""
        ...

    @property
    def has_audience(self) -> bool:
        """True unless what is played now reaches nobody, as with no browser that listens."""
        ...

    def open(self) -> None:
        """Get ready to play. Harmless when open. Raises AudioError with what to do."""
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
        """Wait until a slice can be written; return False where `is_over()` came first.

        Raises AudioError where it takes no sound for `patience_seconds`.
        """
        ...

    def write(self, pcm: bytes) -> None:
        """Play a slice; block only where there is no room for it. Raises AudioError."""
        ...

    def flush(self) -> float:
        """Silence it now: drop what was not heard yet and return its length in seconds."""
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
