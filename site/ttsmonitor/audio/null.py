"""No sound, in real time: the queue moves as if somebody listened."""

from __future__ import annotations

import threading
from collections.abc import Callable


class NullOutput:
    """Takes as long as the sound would."""

    name = "null"
    error = ""

    def __init__(self) -> None:
        self._rate = 22_050
        self._closed = threading.Event()

    def open(self) -> None:
        self._closed.clear()

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        self._rate = sample_rate

    def write(self, pcm: bytes) -> None:
        self._closed.wait(len(pcm) / 2 / self._rate)

    def flush(self) -> float:
        return 0.0

    def rewind(self, seconds: float) -> None:
        pass

    def drain(self, is_over: Callable[[], bool]) -> None:
        pass

    def end(self) -> None:
        pass

    def close(self) -> None:
        self._closed.set()
