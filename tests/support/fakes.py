"""A fake voice and a fake sound device, controlled by the test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ttsmonitor.audio.base import PATIENCE_SECONDS, Pace
from ttsmonitor.exceptions import AudioError, SynthesisError
from ttsmonitor.synthesis.base import Block, SpeechRequest

RATE = 22_050


@dataclass
class FakeSynthesizer:
    """A synthesizer that makes `blocks` blocks of 20 ms and records its requests."""

    blocks: int = 3
    error: str = ""
    engine: str = "fake"
    remark: str = ""
    requests: list[SpeechRequest] = field(default_factory=list)
    cancelled: int = 0
    starts: int = 0
    prepared: list[SpeechRequest] = field(default_factory=list)
    prefetched: list[SpeechRequest] = field(default_factory=list)
    pid: int = 1

    def speak(self, request: SpeechRequest, owner: object = None) -> Iterator[Block]:
        self.requests.append(request)
        for _ in range(self.blocks):
            yield Block(b"\1\0" * (RATE // 50), RATE)
        if self.error:
            raise SynthesisError(self.error)

    def prefetch(self, request: SpeechRequest) -> None:
        self.prefetched.append(request)

    def cancel(self, owner: object = None) -> None:
        self.cancelled += 1

    def ensure_started(self) -> None:
        self.starts += 1

    def prepare(self, request: SpeechRequest) -> None:
        self.prepared.append(request)


@dataclass
class FakeOutput:
    """An output that records its calls; `gate` blocks each write until the test opens it."""

    name: str = "fake"
    error: str = ""
    events: list[str] = field(default_factory=list)
    pcm: bytes = b""
    gate: threading.Event = field(default_factory=threading.Event)
    broken: bool = False
    unheard_seconds: float = 0.0
    pace: Pace = Pace.DEVICE
    has_audience: bool = True
    buffered_seconds: float = 0.08
    woken: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def open(self) -> None:
        if self.broken:
            raise AudioError("no device")

    def wake(self) -> None:
        self.woken += 1

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        self.events.append("begin")

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        return not is_over()

    def write(self, pcm: bytes) -> None:
        self.events.append("write")
        assert self.gate.wait(20)
        self.pcm += pcm

    def flush(self) -> float:
        self.events.append("flush")
        return self.unheard_seconds

    def rewind(self, seconds: float) -> None:
        self.pcm = self.pcm[: len(self.pcm) - 2 * round(seconds * RATE)]

    def drain(self, is_over: Callable[[], bool]) -> None:
        self.events.append("drain")

    def end(self) -> None:
        self.events.append("end")

    def close(self) -> None:
        self.events.append("close")
