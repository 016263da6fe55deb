"""Piper voices on disk: which are installed, and whether one is whole.

A voice is `<name>.onnx` with `<name>.onnx.json` beside it (the format of the `rhasspy/piper-voices`
collection, and of `piper.config.PiperConfig.from_dict`).
"""

from __future__ import annotations

import json
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.fingerprint import fingerprint
from ttsmonitor.system.commands import manage_command, python_command
from ttsmonitor.text import language_tag

ESPEAK = "espeak"
"""Names eSpeak NG where a voice is asked for."""


@dataclass(frozen=True)
class Voice:
    """An installed voice."""

    name: str
    model: Path
    langs: tuple[str, ...]
    """What it is for: in its own words, like `es_MX`, if any, and in eSpeak NG's, like `es-419`."""
    sample_rate: int
    """Samples per second."""
    speakers: int
    config: dict[str, Any] = field(repr=False, compare=False)
    """The whole description, as Piper reads it."""


def read_voice(model: Path) -> Voice:
    """Read the description beside a model.

    Raises VoiceNotFoundError where a file is missing, SynthesisError where one is not a voice.
    """
    description = model.with_name(f"{model.name}.json")
    for path in (model, description):
        if not path.is_file():
            raise VoiceNotFoundError(
                f"{path} is missing: a Piper voice is a .onnx file with its .onnx.json beside it"
            )
    if model.stat().st_size == 0:
        raise SynthesisError(f"{model} is empty: delete it and fetch the voice again")
    try:
        return _read(model, fingerprint(model))
    except (ValueError, KeyError, TypeError, OSError) as exc:
        raise SynthesisError(f"{description} does not describe a Piper voice: {exc!r}") from exc


@lru_cache(maxsize=64)
def _read(model: Path, state: str) -> Voice:
    """`state` is the fingerprint of the voice's files: what they say in one is read once."""
    description = model.with_name(f"{model.name}.json")
    config: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
    if not config["phoneme_id_map"] or not config["num_symbols"]:
        raise ValueError("no phonemes")
    config = config | _phoneme_type(config)
    return Voice(
        name=model.name.removesuffix(".onnx"),
        model=model,
        langs=_langs(config),
        sample_rate=int(config["audio"]["sample_rate"]),
        speakers=int(config["num_speakers"]),
        config=config,
    )


def _phoneme_type(config: dict[str, Any]) -> dict[str, str]:
    """As Piper reads it: es_MX-ald-medium, among others, was published with Python's name of it."""
    written = str(config.get("phoneme_type", "espeak"))
    return {"phoneme_type": written.removeprefix("PhonemeType.").lower()}


def _langs(config: dict[str, Any]) -> tuple[str, ...]:
    described = config.get("language")
    code = described.get("code") if isinstance(described, dict) else None
    voice = str(config["espeak"]["voice"])
    return (str(code), voice) if code else (voice,)


def installed_voices(directory: Path) -> list[Voice]:
    """The voices in `directory`, by name; what is not whole is left out."""
    voices = []
    for model in sorted(directory.glob("*.onnx")):
        try:
            voices.append(read_voice(model))
        except SynthesisError:
            continue
    return voices


def find_voice(name: str, directory: Path) -> Voice:
    """The voice of that name. Raises VoiceNotFoundError with what to do."""
    model = directory / f"{name}.onnx"
    if not model.is_file():
        known = ", ".join(voice.name for voice in installed_voices(directory)) or "none"
        raise VoiceNotFoundError(
            f"The voice {name} is not installed (installed: {known}). "
            f"Get it with: {manage_command(f'download_voice {name}')}"
        )
    return read_voice(model)


def piper_missing() -> str:
    """Return the message for a Piper voice where the Piper library is not installed."""
    return f"Piper is not installed: {python_command('-m pip install -r requirements-piper.txt')}"


def choose_voice(
    config: EngineConfig, request: SpeechRequest, unfit: Container[Path] = ()
) -> Voice | None:
    """The Piper voice for `request`, none of the models in `unfit`; None where espeak is to speak.

    A voice that the request names and nobody has installed is replaced by the one for its
    language; so is one that is broken, unless `piper` is asked for. A language that the default
    voice does not speak gets another installed voice, else (with `auto`) espeak, which reads it
    plainly but right. Raises SynthesisError where `piper` is asked for and there is no voice.
    """
    if ESPEAK in (config.engine, request.voice):
        return None
    with suppress(VoiceNotFoundError if config.engine == "piper" else SynthesisError):
        if request.voice:
            named = find_voice(request.voice, config.voice_dir)
            if named.model not in unfit:
                return named
    default = _default_voice(config, unfit)
    if not request.lang or (default is not None and speaks(default, request.lang)):
        return default
    others = [each for each in _fit(config, unfit) if speaks(each, request.lang)]
    others.sort(key=lambda each: not _is_from(each, request.lang))  # the same region first
    return others[0] if others else default if config.engine == "piper" else None


def _default_voice(config: EngineConfig, unfit: Container[Path]) -> Voice | None:
    """With `auto` any installed one is better than none; than one that is unfit, any of its
    language."""
    try:
        if config.model is not None:
            default = read_voice(config.model)
        else:
            default = find_voice(config.voice, config.voice_dir)
    except SynthesisError as exc:
        if config.engine == "piper":
            raise
        is_missing = isinstance(exc, VoiceNotFoundError)
        others = (v for v in _fit(config, unfit) if is_missing or speaks(v, config.lang))
        return next(others, None)
    if default.model not in unfit:
        return default
    fit = _fit(config, unfit)
    return next((each for each in fit if any(speaks(each, lang) for lang in default.langs)), None)


def _fit(config: EngineConfig, unfit: Container[Path]) -> list[Voice]:
    return [each for each in installed_voices(config.voice_dir) if each.model not in unfit]


def speaks(voice: Voice, lang: str) -> bool:
    """Is it a voice for this language? One from Spain is for a text from Mexico too."""
    wanted = language_tag(lang).partition("-")[0]
    return any(language_tag(each).partition("-")[0] == wanted for each in voice.langs)


def _is_from(voice: Voice, lang: str) -> bool:
    """Of that region: en-gb-x-rp is for en-GB."""
    return any(
        f"{language_tag(each)}-".startswith(f"{language_tag(lang)}-") for each in voice.langs
    )
