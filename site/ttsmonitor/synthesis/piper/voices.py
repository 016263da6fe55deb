"""Piper voices on disk: which are installed, and whether one is whole.

A voice is `<name>.onnx` with `<name>.onnx.json` beside it (the format of the `rhasspy/piper-voices`
collection and of `piper.config.PiperConfig.from_dict`). A voice reads its own language only.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.memory import loaded_bytes
from ttsmonitor.synthesis.piper.description import MOST_BYTES, check_description
from ttsmonitor.synthesis.piper.fingerprint import fingerprint
from ttsmonitor.synthesis.voice import Voice, is_same_language
from ttsmonitor.system.commands import manage_command, python_command

ENGINE = "piper"
"""Name of the engine."""
SAMPLES_URL = "https://rhasspy.github.io/piper-samples/"
SUGGESTED = {
    "de": "de_DE-thorsten-medium",
    "en": "en_US-ljspeech-medium",
    "es": "es_ES-davefx-medium",
    "fr": "fr_FR-siwis-medium",
    "pt": "pt_BR-faber-medium",
}
"""A published voice for some languages, with a licence that allows any use."""
_PUBLISHED_NAME = re.compile(r"([a-z]{2,3}_[A-Z]{2})-.+")


@dataclass(frozen=True, kw_only=True)
class InstalledVoice(Voice):
    """A Piper voice on disk.

    Its `langs` are its language as the voice names it, like `es_MX`, and as eSpeak NG does, like
    `es-419`. Its `state` is the fingerprint of its files.
    """

    model: Path
    sample_rate: int
    """Samples per second."""
    config: dict[str, Any] = field(repr=False, compare=False)
    """The whole description, as Piper reads it."""

    @property
    def key(self) -> Path:
        """Identify the voice in any of its states."""
        return self.model


def read_voice(model: Path) -> InstalledVoice:
    """Read the description beside a model.

    Raises VoiceNotFoundError if a file is missing, SynthesisError if one is not a voice.
    """
    description = model.with_name(f"{model.name}.json")
    for path in (model, description):
        if not path.is_file():
            raise VoiceNotFoundError(
                Reason(
                    "{path} is missing: a Piper voice is a .onnx file with its .onnx.json"
                    " beside it",
                    path=str(path),
                )
            )
    if model.stat().st_size == 0:
        raise SynthesisError(
            Reason("{path} is empty: delete it and download the voice again", path=str(model))
        )
    try:
        return _read(model, fingerprint(model))
    except SynthesisError as exc:
        raise SynthesisError(_undescribed(description, reason_of(exc))) from exc
    except (ValueError, RecursionError, OSError) as exc:
        raise SynthesisError(_undescribed(description, repr(exc))) from exc


def _undescribed(description: Path, cause: str) -> Reason:
    return Reason(
        "{path} does not describe a Piper voice: {cause}", path=str(description), cause=cause
    )


@lru_cache(maxsize=64)
def _read(model: Path, state: str) -> InstalledVoice:
    """Read and check a description. Cached by `state`, the fingerprint of the voice's files."""
    description = model.with_name(f"{model.name}.json")
    if (size := description.stat().st_size) > MOST_BYTES:
        raise ValueError(f"{size} bytes, at most {MOST_BYTES}")
    config: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
    check_description(config)
    config = config | _phoneme_type(config)
    return InstalledVoice(
        engine=ENGINE,
        name=model.name.removesuffix(".onnx"),
        model=model,
        langs=_langs(config),
        sample_rate=config["audio"]["sample_rate"],
        speakers=config["num_speakers"],
        state=state,
        memory_bytes=loaded_bytes(model.stat().st_size),
        config=config,
    )


def _phoneme_type(config: dict[str, Any]) -> dict[str, str]:
    """Normalize the phoneme type: es_MX-ald-medium was published with Python's enum name."""
    written = str(config.get("phoneme_type", "espeak"))
    return {"phoneme_type": written.removeprefix("PhonemeType.").lower()}


def _langs(config: dict[str, Any]) -> tuple[str, ...]:
    described = config.get("language")
    code = described.get("code") if isinstance(described, dict) else None
    return tuple(str(each) for each in (code, config["espeak"]["voice"]) if each)


def installed_voices(directory: Path) -> list[InstalledVoice]:
    """Return the voices in `directory` by name, without incomplete ones."""
    voices = []
    for model in sorted(directory.glob("*.onnx")):
        try:
            voices.append(read_voice(model))
        except SynthesisError:
            continue
    return voices


def find_voice(name: str, directory: Path) -> InstalledVoice:
    """Return the voice of that name. Raises VoiceNotFoundError with what to do."""
    model = directory / f"{name}.onnx"
    if not model.is_file():
        known = ", ".join(voice.name for voice in installed_voices(directory)) or "none"
        raise VoiceNotFoundError(
            Reason(
                "The voice {name} is not installed (installed: {known}). Get it with: {command}",
                name=name,
                known=known,
                command=manage_command(f"download_voice {name}"),
            )
        )
    return read_voice(model)


def piper_missing() -> Reason:
    """Return the message for a Piper voice if the Piper library is not installed."""
    command = python_command("-m pip install -r requirements-piper.txt")
    return Reason("Piper is not installed: {command}", command=command)


def language_in_name(name: str) -> str:
    """Return the language that a published voice's name begins with; empty for any other name."""
    published = _PUBLISHED_NAME.fullmatch(name)
    return published[1] if published else ""


def no_voice_for(lang: str, suggested: str) -> Reason:
    """Say that a language has no voice, and how to get one: `suggested` if it is of that language.

    Its name tells.
    """
    return Reason(
        "no Piper voice for {lang} is installed. Get one with: {command}",
        lang=lang,
        command=download_command(lang, suggested),
    )


def default_name(lang: str, suggested: str) -> str:
    """Return a published voice of `lang`: `suggested`, if its name is of it; empty if none is."""
    known = (suggested, *SUGGESTED.values())
    return next((each for each in known if is_same_language(language_in_name(each), lang)), "")


def download_command(lang: str, suggested: str) -> str:
    """Return the command that installs a voice of `lang`: `suggested`, if its name is of it."""
    command = manage_command("download_voice")
    name = default_name(lang, suggested)
    return f"{command} {name or f'NAME (names and samples: {SAMPLES_URL})'}"
