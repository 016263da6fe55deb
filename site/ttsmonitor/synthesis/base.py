"""The interfaces of an engine and of its provider. Another engine subclasses both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.voice import Voice

AUTO = "auto"
"""The TTS_ENGINE that lets any engine speak."""


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

    engine: str = AUTO
    """Name of the only engine that may speak, or AUTO."""
    voice: str = ""
    """Name of the default voice."""
    voice_dir: Path = Path("voices")
    model: Path | None = None
    """The default voice by its file, a Piper voice, instead of by name."""
    lang: str = "es"
    """The language of a text that does not say its own."""
    loaded_bytes: int = 400_000_000
    """Voices stay loaded as long as the process takes no more; one is, in any case."""
    headroom_bytes: int = 1_500_000_000
    """Memory of the process beyond its voices: see memory.limit_memory()."""
    niceness: int = 0
    """How far it stands back, of 19, where others want the processor."""


Emit = Callable[[Block], bool]
"""Takes a block; False means that no more is wanted."""


class Engine(Protocol):
    """Turns text into sound. It lives in the synthesis process and serves one request at a time."""

    voice_name: str
    """Name of the voice that spoke last, for the history."""
    is_provisional: bool = False
    """True if the last sound may be louder or softer the next time; it is not cached then."""
    slowness: float = 0.0
    """Seconds that a second of sound takes to be made; 0 while it is not known."""

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        """Emit the sound of `request` in order. Raises SynthesisError.

        An empty block only asks whether more is wanted. End as soon as `emit` returns False, and
        let its exceptions pass.
        """
        ...

    def measure(self, is_disturbed: Callable[[], bool]) -> bool:
        """Measure what the next sound needs, while nobody speaks.

        Return False, to be called again, as soon as `is_disturbed()`.
        """
        return True


class EngineProvider(Protocol):
    """Offers the voices of an engine and creates the engine for one of them.

    There is one per process, made without arguments; it is asked in the speech service, where it
    should load nothing heavy, and in the synthesis process, which alone creates engines. What it is
    asked belongs to the time before the first sound: it should answer within a millisecond.
    """

    name: str
    """The engine's name, as in TTS_ENGINE and in the history: one word."""

    def voices(self, config: EngineConfig) -> Iterable[Voice]:
        """Return the voices that are installed."""
        ...

    def create(self, voice: Voice, config: EngineConfig) -> Engine:
        """Load one of the voices. Raises SynthesisError; another voice stands in then."""
        ...

    def unavailable(self) -> str:
        """Return why the engine cannot run here, and what to do; empty where it can."""
        return ""

    def find(self, name: str, config: EngineConfig) -> Voice:
        """Return the voice of that name.

        Raises VoiceNotFoundError where there is none, SynthesisError where it cannot be used.
        """
        for voice in self.voices(config):
            if voice.name == name:
                return voice
        raise VoiceNotFoundError(
            Reason("{engine} has no voice {name}", engine=self.name, name=name)
        )

    def default_voice(self, config: EngineConfig) -> Voice | None:
        """Return the voice that the settings name; None where they name none of this engine.

        Raises VoiceNotFoundError where it is not installed, SynthesisError where it cannot be used.
        """
        return next((each for each in self.voices(config) if each.name == config.voice), None)

    def language_of(self, name: str, config: EngineConfig) -> str:
        """Return the language of a voice, also of one that is not installed; empty: unknown."""
        try:
            langs = self.find(name, config).langs
        except SynthesisError:
            return ""
        return langs[0] if langs else ""

    def missing(self, lang: str, config: EngineConfig) -> str:
        """Say that no voice for `lang` is installed, and how to get one."""
        return Reason("{engine} has no voice for {lang}", engine=self.name, lang=lang)
