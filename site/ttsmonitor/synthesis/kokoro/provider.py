"""The provider of Kokoro's voices. It imports what runs them only if an engine is created."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ReferenceType, ref
from zipfile import BadZipFile, ZipFile

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import VoiceNotFoundError
from ttsmonitor.synthesis.base import Engine, EngineConfig, EngineProvider
from ttsmonitor.synthesis.voice import Voice
from ttsmonitor.system.commands import manage_command, python_command

if TYPE_CHECKING:
    from ttsmonitor.synthesis.kokoro.engine import Model

ENGINE = "kokoro"
"""Name of the engine, and of its directory in TTS_VOICE_DIR."""
LANGS = {"e": ("es", "es-419"), "a": ("en_US", "en-us"), "b": ("en_GB", "en-gb-x-rp")}
"""Language of a voice and its name in eSpeak NG, by the first letter of the voice's name."""
BEST = ("ef_dora", "af_heart", "bf_emma")
"""The voices that speak a language unless another one is chosen."""
PER_FILE_BYTE = 2.5
"""Memory of the loaded model per byte of its file."""
FORMAT = 1
"""Goes up when the sound is made in another way."""


@dataclass(frozen=True, kw_only=True)
class KokoroVoice(Voice):
    """A voice of the model in a directory."""

    directory: Path
    espeak_voice: str
    """The voice of eSpeak NG that makes its phonemes."""

    @property
    def memory_key(self) -> Path:
        """Identify the model, which all voices share."""
        return self.directory

    @property
    def model_file(self) -> Path:
        """The model. Raises StopIteration if it is gone."""
        return next(_models(self.directory))

    @property
    def styles_file(self) -> Path:
        """The NumPy archive with a style for each voice."""
        return _styles(self.directory)


class KokoroProvider(EngineProvider):
    """Kokoro: one model that speaks with many voices, in TTS_VOICE_DIR/kokoro."""

    name = ENGINE

    def __init__(self) -> None:
        """Begin without a loaded model."""
        self._loaded: ReferenceType[Model] | None = None

    def unavailable(self) -> str:
        """Return how to install what runs the model; empty if it is installed."""
        if find_spec("piper") and find_spec("onnxruntime"):
            return ""
        command = python_command("-m pip install -r requirements-kokoro.txt")
        return Reason("Kokoro is not installed: {command}", command=command)

    def voices(self, config: EngineConfig) -> tuple[KokoroVoice, ...]:
        """Return the Spanish and English voices, the best ones first; none without a model."""
        directory = config.voice_dir / ENGINE
        try:
            files = (next(_models(directory)), _styles(directory))
            states = [file.stat() for file in files]
        except (OSError, StopIteration):
            return ()
        sizes = ":".join(f"{each.st_size}:{each.st_mtime_ns}" for each in states)
        return _read(directory, f"{FORMAT}:{sizes}", states[0].st_size)

    def find(self, name: str, config: EngineConfig) -> Voice:
        """Return the voice of that name. Raises VoiceNotFoundError with what to do."""
        try:
            return super().find(name, config)
        except VoiceNotFoundError as exc:
            if self.voices(config):
                raise
            raise VoiceNotFoundError(_no_model()) from exc

    def missing(self, lang: str, config: EngineConfig) -> str:
        """Say that no voice is for `lang`; empty if Kokoro is neither installed nor wanted."""
        if self.voices(config):
            return super().missing(lang, config)
        return _no_model() if config.engine == ENGINE else ""

    def create(self, voice: Voice, config: EngineConfig) -> Engine:
        """Load the voice and, for the first one, the model. Raises SynthesisError."""
        from ttsmonitor.synthesis.kokoro.engine import KokoroEngine

        if not isinstance(voice, KokoroVoice):
            raise TypeError(f"{voice.name} is not a voice of Kokoro")
        return KokoroEngine(voice, self._model)

    def _model(self, voice: KokoroVoice) -> Model:
        """Return the model of the voices that are loaded, else load it."""
        from ttsmonitor.synthesis.kokoro.engine import Model

        model = self._loaded() if self._loaded is not None else None
        if model is None or model.state != voice.state:
            model = Model(voice.model_file, voice.state)
            self._loaded = ref(model)
        return model


def _no_model() -> Reason:
    return Reason(
        "Kokoro's voices are not installed. Get them with: {command}",
        command=manage_command(f"download_voice {ENGINE}"),
    )


def _models(directory: Path) -> Iterator[Path]:
    return iter(sorted(directory.glob("*.onnx")))


def _styles(directory: Path) -> Path:
    """Return the file of styles, as voices-v1.0.bin. Raises StopIteration if there is none."""
    return next(iter(sorted(directory.glob("voices*.bin"))))


@lru_cache(maxsize=2)
def _read(directory: Path, state: str, model_bytes: int) -> tuple[KokoroVoice, ...]:
    """Read the names of the voices. Cached by `state`; a damaged file has none."""
    try:
        with ZipFile(_styles(directory)) as archive:
            names = [each.removesuffix(".npy") for each in archive.namelist()]
    except (BadZipFile, OSError, StopIteration):
        return ()
    names = [each for each in names if each[:1] in LANGS and each[2:3] == "_"]
    return tuple(
        KokoroVoice(
            engine=ENGINE,
            name=name,
            langs=LANGS[name[0]],
            title=name.partition("_")[2].title(),
            state=state,
            memory_bytes=round(PER_FILE_BYTE * model_bytes),
            directory=directory,
            espeak_voice=LANGS[name[0]][1],
        )
        for name in sorted(names, key=lambda each: (each not in BEST, each))
    )
