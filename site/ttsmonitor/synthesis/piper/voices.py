"""Piper voices on disk: which are installed, whether one is whole, and which reads a text.

A voice is `<name>.onnx` with `<name>.onnx.json` beside it (the format of the `rhasspy/piper-voices`
collection and of `piper.config.PiperConfig.from_dict`). A voice reads its own language only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ttsmirror.reasons import Reason, join_reasons, reason_of
from ttsmirror.text import language_tag
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.piper.description import MOST_BYTES, check_description
from ttsmonitor.synthesis.piper.fingerprint import fingerprint
from ttsmonitor.system.commands import manage_command, python_command

ESPEAK = "espeak"
"""Names eSpeak NG where a voice is asked for."""
SAMPLES_URL = "https://rhasspy.github.io/piper-samples/"
_PUBLISHED_NAME = re.compile(r"([a-z]{2,3}_[A-Z]{2})-.+")


@dataclass(frozen=True)
class Voice:
    """An installed voice."""

    name: str
    model: Path
    langs: tuple[str, ...]
    """Its language as the voice names it, like `es_MX`, and as eSpeak NG does, like `es-419`; empty
    where the description has neither."""
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
                Reason(
                    "{path} is missing: a Piper voice is a .onnx file with its .onnx.json"
                    " beside it",
                    path=str(path),
                )
            )
    if model.stat().st_size == 0:
        raise SynthesisError(
            Reason("{path} is empty: delete it and fetch the voice again", path=str(model))
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
def _read(model: Path, state: str) -> Voice:
    """Read and check a description. Cached by `state`, the fingerprint of the voice's files."""
    description = model.with_name(f"{model.name}.json")
    if (size := description.stat().st_size) > MOST_BYTES:
        raise ValueError(f"{size} bytes, at most {MOST_BYTES}")
    config: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
    check_description(config)
    config = config | _phoneme_type(config)
    return Voice(
        name=model.name.removesuffix(".onnx"),
        model=model,
        langs=_langs(config),
        sample_rate=config["audio"]["sample_rate"],
        speakers=config["num_speakers"],
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


def installed_voices(directory: Path) -> list[Voice]:
    """Return the voices in `directory` by name, without incomplete ones."""
    voices = []
    for model in sorted(directory.glob("*.onnx")):
        try:
            voices.append(read_voice(model))
        except SynthesisError:
            continue
    return voices


def find_voice(name: str, directory: Path) -> Voice:
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
    """Return the message for a Piper voice where the Piper library is not installed."""
    command = python_command("-m pip install -r requirements-piper.txt")
    return Reason("Piper is not installed: {command}", command=command)


def language_of(name: str, directory: Path) -> str:
    """Return the language of a voice: what it says itself, else its published name; empty: unknown.

    A message that names a voice and no language is in the language of that voice, also where the
    voice is not installed.
    """
    try:
        langs = find_voice(name, directory).langs
    except SynthesisError:
        langs = ()
    published = _PUBLISHED_NAME.fullmatch(name)
    return langs[0] if langs else published[1] if published else ""


@dataclass(frozen=True)
class Choice:
    """The voice that reads a text, and why it is not the wanted one."""

    voice: Voice | None
    """None: eSpeak NG reads it."""
    lang: str
    """The language of the text."""
    why: str = ""
    """Why the wanted voice does not read it; empty where it does."""

    @property
    def name(self) -> str:
        """The name in the history."""
        return f"piper {self.voice.name}" if self.voice else f"espeak {self.lang}"

    @property
    def remark(self) -> str:
        """The sentence for the history where another voice stands in; else empty."""
        if not self.why:
            return ""
        return Reason("{cause}; {engine} speaks instead", cause=self.why, engine=self.name)


def choose_voice(
    config: EngineConfig, request: SpeechRequest, unfit: Mapping[Path, str] = MappingProxyType({})
) -> Choice:
    """Choose the voice for `request`, never one of another language.

    `unfit` are models that cannot be used, each with the reason. The voice that the request names
    comes first, then the default voice, then any other of the language (from its region if there is
    one), then eSpeak NG. Raises SynthesisError where the engine is `piper` and no voice fits.
    """
    named = request.voice if request.voice != ESPEAK else ""
    lang = request.lang or (language_of(named, config.voice_dir) if named else "") or config.lang
    if ESPEAK in (config.engine, request.voice):
        return Choice(None, lang)
    why = ""
    if named:
        voice, why = _named_voice(config, request, unfit)
        if voice is not None:
            return Choice(voice, lang)
    default, failure = _default_voice(config, unfit)
    if default is not None and speaks(default, lang):
        if not failure:
            return Choice(default, lang, why)
        why = why or failure
    elif default is None and is_same_language(lang, config.lang):
        why = why or failure
    others = sorted(_others(config, lang, unfit), key=lambda each: not _is_from(each, lang))
    if others:
        return Choice(others[0], lang, why)
    if config.engine == "piper":
        raise VoiceNotFoundError(join_reasons((why, no_voice_for(lang, config.voice))))
    return Choice(None, lang, why)


def _named_voice(
    config: EngineConfig, request: SpeechRequest, unfit: Mapping[Path, str]
) -> tuple[Voice | None, str]:
    """Return the voice that the request names; or None, and why it cannot read this text."""
    try:
        named = find_voice(request.voice, config.voice_dir)
    except SynthesisError as exc:
        if config.engine == "piper" and not isinstance(exc, VoiceNotFoundError):
            raise
        return None, reason_of(exc)
    if named.model in unfit:
        return None, unfit[named.model]
    if request.lang and not speaks(named, request.lang):
        if not named.langs:
            return None, Reason(
                "the voice {name} names no language, and the text is {lang}",
                name=named.name,
                lang=request.lang,
            )
        return None, Reason(
            "the voice {name} reads {lang}, and the text is {other}",
            name=named.name,
            lang=named.langs[0],
            other=request.lang,
        )
    return named, ""


def read_default_voice(config: EngineConfig) -> Voice:
    """Read the voice that the settings name. Raises SynthesisError where it cannot be used."""
    if config.model is not None:
        return read_voice(config.model)
    return find_voice(config.voice, config.voice_dir)


def _default_voice(config: EngineConfig, unfit: Mapping[Path, str]) -> tuple[Voice | None, str]:
    """Return the default voice, and why it cannot be used.

    No reason where TTS_VOICE is just not installed: so is every new installation.
    """
    try:
        default = read_default_voice(config)
    except SynthesisError as exc:
        if config.engine == "piper":
            raise
        is_new = config.model is None and not (config.voice_dir / f"{config.voice}.onnx").is_file()
        return None, "" if is_new else reason_of(exc)
    return default, unfit.get(default.model, "")


def _others(config: EngineConfig, lang: str, unfit: Mapping[Path, str]) -> Iterator[Voice]:
    """Yield the installed voices of a language that can be used."""
    for voice in installed_voices(config.voice_dir):
        if voice.model not in unfit and speaks(voice, lang):
            yield voice


def speaks(voice: Voice, lang: str) -> bool:
    """Return True if it is a voice for this language. One from Spain reads a Mexican text too."""
    return any(is_same_language(each, lang) for each in voice.langs)


def is_same_language(one: str, other: str) -> bool:
    """Compare two languages without their regions."""
    return language_tag(one).partition("-")[0] == language_tag(other).partition("-")[0]


def no_voice_for(lang: str, suggested: str) -> Reason:
    """Say that a language has no voice, and how to get one: `suggested` if it is of that language.

    Its name tells.
    """
    return Reason(
        "no Piper voice for {lang} is installed. Get one with: {command}",
        lang=lang,
        command=download_command(lang, suggested),
    )


def download_command(lang: str, suggested: str) -> str:
    """Return the command that installs a voice of `lang`: `suggested`, if its name is of it."""
    command = manage_command("download_voice")
    published = _PUBLISHED_NAME.fullmatch(suggested)
    if published and is_same_language(published[1], lang):
        return f"{command} {suggested}"
    return f"{command} NAME (names and samples: {SAMPLES_URL})"


def _is_from(voice: Voice, lang: str) -> bool:
    """Return True for a voice of that region: en-gb-x-rp is one for en-GB."""
    return any(
        f"{language_tag(each)}-".startswith(f"{language_tag(lang)}-") for each in voice.langs
    )
