"""The interface of an engine: it takes a request and emits blocks of sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class SpeechRequest:
    """A text and how to speak it."""

    text: str
    lang: str = ""
    """BCP 47; empty: the language of the voice that is named, else EngineConfig.lang."""
    voice: str = ""
    """Name of a voice, or `espeak`; empty: the one for its language. One of another language than
    `lang` is not used."""
    speaker: int | None = None
    """Of a voice with several; None: its default one."""
    speed: float = 1.0
    """1 is the voice's own pace, 2 twice as fast."""
    volume: float = 1.0
    """1 is the voice's own loudness."""


WARM_UP = SpeechRequest(text="Hola.")
"""A request that warms a voice up; nobody hears it."""


@dataclass(frozen=True)
class Mark:
    """A word and when it begins to be heard."""

    word: str
    seconds: float
    """After the beginning of the block that it comes with; it may be heard in a later one."""


@dataclass(frozen=True)
class Block:
    """A piece of sound: 16-bit signed little-endian mono PCM."""

    pcm: bytes
    sample_rate: int
    """Samples per second."""
    marks: tuple[Mark, ...] = ()
    """Words of which it is known now when they will be heard, in their order."""

    @property
    def seconds(self) -> float:
        """Length of the block."""
        return len(self.pcm) / 2 / self.sample_rate


@dataclass(frozen=True)
class EngineConfig:
    """The settings of the synthesis process."""

    engine: str = "auto"
    voice: str = ""
    voice_dir: Path = Path("voices")
    model: Path | None = None
    """A voice by its file, instead of by name."""
    lang: str = "es"
    """The language of a text that does not say its own."""
    loaded_bytes: int = 400_000_000
    """Piper voices stay loaded as long as the process takes no more; one is, in any case."""
    headroom_bytes: int = 1_500_000_000
    """Memory of the process beyond its voices: see memory.limit_memory()."""
    niceness: int = 0
    """How far it stands back, of 19, where others want the processor."""
    processor: int | None = None
    """One that was set apart for it (see system/processors.py)."""


Emit = Callable[[Block], bool]
"""Takes a block; False means that no more is wanted."""


class Engine(Protocol):
    """Turns text into sound."""

    name: str
    """Its name in the history, as in `piper es_ES-davefx-medium`."""
    is_provisional: bool
    """How loud the last sound should have been was not known yet."""

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        """Emit the sound of `request` in order. Raises SynthesisError."""
        ...
