"""No sound, in real time: the queue advances as with a sound device."""

from __future__ import annotations

from collections.abc import Callable

from ttsmonitor.audio.base import PATIENCE_SECONDS, Pace
from ttsmonitor.audio.clock import Clock


class NullOutput:
    """Takes as long as the sound would."""

    name = "null"
    error = ""
    pace = Pace.CLOCK
    has_audience = True
    buffered_seconds = 0.0

    def __init__(self) -> None:
        self._rate = 22_050
        self._clock = Clock()

    def open(self) -> None:
        """Do nothing."""
        pass

    def wake(self) -> None:
        """Do nothing."""
        pass

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """Start an utterance of 16-bit mono at `sample_rate` samples per second."""
        self._rate = sample_rate
        self._clock.start()

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Wait until a slice can be written; return False if `is_over()` came first."""
        return self._clock.wait(is_over)

    def write(self, pcm: bytes) -> None:
        """Play a slice."""
        self._clock.add(len(pcm) / 2 / self._rate)

    def flush(self) -> float:
        """Drop sound that was written but not heard; return its length in seconds."""
        return 0.0

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` will be written again."""
        self._clock.add(-seconds)

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`."""
        self._clock.wait(is_over)

    def end(self) -> None:
        """Finish the utterance."""
        pass

    def close(self) -> None:
        """Do nothing."""
        pass
