"""No sound, in real time: the queue moves as if somebody listened."""

from __future__ import annotations

from collections.abc import Callable

from ttsmonitor.audio.base import PATIENCE_SECONDS, Pace
from ttsmonitor.audio.clock import Clock


class NullOutput:
    """Takes as long as the sound would."""

    name = "null"
    error = ""
    pace = Pace.CLOCK

    def __init__(self) -> None:
        self._rate = 22_050
        self._clock = Clock()

    def open(self) -> None:
        pass

    def wake(self) -> None:
        pass

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        self._rate = sample_rate
        self._clock.start()

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        return self._clock.wait(is_over)

    def write(self, pcm: bytes) -> None:
        self._clock.add(len(pcm) / 2 / self._rate)

    def flush(self) -> float:
        return 0.0

    def rewind(self, seconds: float) -> None:
        self._clock.add(-seconds)

    def drain(self, is_over: Callable[[], bool]) -> None:
        self._clock.wait(is_over)

    def end(self) -> None:
        pass

    def close(self) -> None:
        pass
