"""The interfaces of an engine and of its provider. Another engine subclasses both."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.language.pipeline import Pause
from ttsmonitor.language.pronunciations import Phonemes
from ttsmonitor.synthesis.voice import Voice

AUTO = "auto"
"""The TTS_ENGINE that lets any engine speak."""


@dataclass(frozen=True)
class SpeechRequest:
    """A text and how to speak it."""

    text: str
    """Words and punctuation; an engine says them as they are."""
    lang: str = ""
    """Language (BCP 47); empty: that of the named voice, else EngineConfig.lang."""
    voice: str = ""
    """Name of a voice, or `espeak`; empty: the default for the language. A voice of another
    language than `lang` is not used."""
    speaker: int | None = None
    """Number of the speaker, for a voice with several; None: its default speaker."""
    speed: float = 1.0
    """Factor of the voice's own pace; 2 is twice as fast."""
    volume: float = 1.0
    """Factor of the voice's own loudness."""
    pauses: tuple[Pause, ...] = ()
    """Silence in the text. An engine gets the pieces between them, one by one, without pauses."""
    phonemes: Phonemes = ()
    """Words of `text` with their IPA, for engines that take it; others read the letters."""


WARM_UP = SpeechRequest(text="Hola.")
"""A request that warms up a voice; it is not played."""


@dataclass(frozen=True)
class Mark:
    """A word and when it begins to be heard."""

    word: str
    seconds: float
    """Seconds after the beginning of its block; the word may be heard in a later block."""
    offset: int | None = None
    """Offset of the word in the text of the request; None if it is unknown."""


@dataclass(frozen=True)
class Block:
    """A piece of sound: 16-bit signed little-endian mono PCM."""

    pcm: bytes
    sample_rate: int
    """Samples per second."""
    marks: tuple[Mark, ...] = ()
    """Words whose time is known by now, in order."""

    def __post_init__(self) -> None:
        """Raise ValueError for a sample rate that no sound has."""
        if self.sample_rate <= 0:
            raise ValueError(f"a sample rate of {self.sample_rate} Hz")

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
    """Path of a Piper voice that is the default voice instead of `voice`."""
    lang: str = "es"
    """Language of a text that does not name one."""
    loaded_bytes: int = 400_000_000
    """Memory limit for loaded voices, in bytes. One voice stays loaded in any case."""
    headroom_bytes: int = 1_500_000_000
    """Memory of the process beyond its voices, in bytes: see memory.limit_memory()."""
    niceness: int = 0
    """Nice value, 0 to 19."""


Emit = Callable[[Block], bool]
"""Called with a block; returns False to end the synthesis."""


@runtime_checkable
class Engine(Protocol):
    """Turns text into sound. It lives in the synthesis process and serves one request at a time."""

    voice_name: str
    """Name of the voice that spoke last, for the history."""
    is_provisional: bool = False
    """True if the loudness of the last sound is not final; the sound is not cached then."""
    slowness: float = 0.0
    """Seconds that a second of sound takes to be made; 0 while unknown."""
    is_reentrant: bool = False
    """True if speak() may be called again, from another thread, while another speak() is in
    `emit`. Only then is speech for other programs interrupted for that of the queue."""

    def speak(self, request: SpeechRequest, emit: Emit) -> None:
        """Emit the sound of `request` in order. Raises SynthesisError.

        An empty block only asks whether more is wanted. End as soon as `emit` returns False, and
        let its exceptions pass.
        """
        ...

    def measure(self, is_disturbed: Callable[[], bool]) -> bool:
        """Measure what the next sound needs, while the engine is idle.

        Return False, to be called again, as soon as `is_disturbed()`.
        """
        return True


@dataclass(frozen=True)
class Problem:
    """A mistake in an engine's settings, as `manage.py check` shows it."""

    check_id: str
    """As in ttsmonitor.W001."""
    words: str
    hint: str
    """The action."""


@runtime_checkable
class EngineProvider(Protocol):
    """Offers the voices of an engine and creates the engine for one of them.

    There is one per process, made without arguments. The speech service uses it too, so it should
    load nothing heavy; only the synthesis process creates engines. Its answers delay the first
    sound: return within a millisecond.
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
        """Return why the engine cannot run here, and what to do; empty if it can."""
        return ""

    def find(self, name: str, config: EngineConfig) -> Voice:
        """Return the voice of that name.

        Raises VoiceNotFoundError if there is none, SynthesisError if it cannot be used.
        """
        for voice in self.voices(config):
            if voice.name == name:
                return voice
        raise VoiceNotFoundError(
            Reason("{engine} has no voice {name}", engine=self.name, name=name)
        )

    def default_voice(self, config: EngineConfig) -> Voice | None:
        """Return the voice that the settings name; None if they name none of this engine.

        Raises VoiceNotFoundError if it is not installed, SynthesisError if it cannot be used.
        """
        return next((each for each in self.voices(config) if each.name == config.voice), None)

    def language_of(self, name: str, config: EngineConfig) -> str:
        """Return the language of a voice, also of one that is not installed; empty: unknown."""
        try:
            langs = self.find(name, config).langs
        except SynthesisError:
            return ""
        return langs[0] if langs else ""

    def problems(self, config: EngineConfig) -> Iterable[Problem]:
        """Return what is wrong with the settings of this engine; it is a warning."""
        return ()

    def missing(self, lang: str, config: EngineConfig) -> str:
        """Say that no voice for `lang` is installed, and how to get one."""
        return Reason("{engine} has no voice for {lang}", engine=self.name, lang=lang)
