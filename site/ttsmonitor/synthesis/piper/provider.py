"""The provider of Piper voices. It imports Piper itself only if an engine is created."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ttsmirror.reasons import reason_of
from ttsmirror.text import language_tag
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.base import Engine, EngineConfig, EngineProvider, Problem
from ttsmonitor.synthesis.piper.voices import (
    ENGINE,
    InstalledVoice,
    download_command,
    find_voice,
    installed_voices,
    language_in_name,
    no_voice_for,
    piper_missing,
    read_voice,
)
from ttsmonitor.synthesis.voice import Voice


class PiperProvider(EngineProvider):
    """Piper: natural voices of one language each, as files in TTS_VOICE_DIR."""

    name = ENGINE

    def __init__(self) -> None:
        """Begin without a measured speaker."""
        # Of unloaded voices too: a voice that comes back need not be measured again.
        self._gains: dict[tuple[Path, str], dict[int, float]] = {}

    def unavailable(self) -> str:
        """Return how to install Piper; empty if it is installed."""
        return "" if find_spec("piper") else piper_missing()

    def voices(self, config: EngineConfig) -> list[InstalledVoice]:
        """Return the voices in TTS_VOICE_DIR by name, without incomplete ones."""
        return installed_voices(config.voice_dir)

    def find(self, name: str, config: EngineConfig) -> InstalledVoice:
        """Return the voice of that name. Raises VoiceNotFoundError with what to do."""
        return find_voice(name, config.voice_dir)

    def default_voice(self, config: EngineConfig) -> InstalledVoice:
        """Return the voice that PIPER_MODEL or TTS_VOICE names.

        Raises VoiceNotFoundError if TTS_VOICE is not installed, SynthesisError if a file of
        it is missing or broken.
        """
        model = config.model or config.voice_dir / f"{config.voice}.onnx"
        if config.model is None and not model.is_file():
            return find_voice(config.voice, config.voice_dir)  # it says what to do
        try:
            return read_voice(model)
        except VoiceNotFoundError as exc:
            raise SynthesisError(reason_of(exc)) from exc

    def language_of(self, name: str, config: EngineConfig) -> str:
        """Return the language of a voice: what it says itself, else what its name says."""
        return super().language_of(name, config) or language_in_name(name)

    def problems(self, config: EngineConfig) -> list[Problem]:
        """Warn of a default voice that cannot be used, or reads another language than TTS_LANG.

        One that is not installed yet is no mistake: eSpeak NG reads until then, and the start says
        so.
        """
        shown = f"PIPER_MODEL={config.model}" if config.model else f"TTS_VOICE={config.voice}"
        try:
            voice = self.default_voice(config)
        except VoiceNotFoundError:
            return []
        except SynthesisError as exc:
            hint = "Until then another voice of TTS_LANG or eSpeak NG speaks, with TTS_ENGINE=auto."
            return [Problem("ttsmonitor.W001", f"{shown} cannot be used: {exc}.", hint)]
        if voice.reads(config.lang):
            return []
        install = f"install a voice of {config.lang}: {download_command(config.lang, '')}"
        if not voice.langs:
            words = f"{shown} does not say its language, so it reads only what names it."
            hint = f"Write its language into {voice.model}.json (espeak.voice), or {install}."
            return [Problem("ttsmonitor.W002", words, hint)]
        words = f"{shown} reads {voice.langs[0]} only, and TTS_LANG={config.lang}."
        hint = f"Set TTS_LANG={language_tag(voice.langs[0]).partition('-')[0]}, or {install}."
        return [Problem("ttsmonitor.W002", words, hint)]

    def missing(self, lang: str, config: EngineConfig) -> str:
        """Say that no voice for `lang` is installed, and how to get one."""
        return no_voice_for(lang, config.voice)

    def create(self, voice: Voice, config: EngineConfig) -> Engine:
        """Load the voice, which takes about a second. Raises SynthesisError."""
        if not isinstance(voice, InstalledVoice):
            raise TypeError(f"{voice.name} is not a Piper voice")
        try:
            from ttsmonitor.synthesis.piper.engine import PiperEngine
        except ImportError as exc:
            raise SynthesisError(piper_missing()) from exc
        return PiperEngine(voice, self._gains.setdefault((voice.model, voice.state), {}))
