"""Choose the voice that reads a text, among those of all engines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ttsmirror.reasons import Reason, join_reasons, reason_of
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.base import AUTO, EngineConfig, EngineProvider, SpeechRequest
from ttsmonitor.synthesis.registry import FALLBACK, allowed_providers, engine_providers
from ttsmonitor.synthesis.voice import Voice, VoiceLabel, is_same_language

Unfit = Mapping[Voice, str]
"""Unusable voices and their reasons."""


@dataclass(frozen=True)
class Choice:
    """The voice that reads a text, and why it is not the wanted one."""

    voice: Voice
    lang: str
    """The language of the text."""
    why: str = ""
    """Why the requested voice does not read it; empty if it does."""
    is_fallback: bool = False
    """True if FALLBACK reads it because no other engine has a voice for its language."""

    @property
    def label(self) -> VoiceLabel:
        """The name in the history."""
        return self.voice.label(self.lang)

    @property
    def remark(self) -> str:
        """The remark for the history if another voice replaces it; else empty."""
        if not self.why:
            return ""
        return Reason("{cause}; {engine} speaks instead", cause=self.why, engine=str(self.label))


def choose_voice(
    config: EngineConfig, request: SpeechRequest, unfit: Unfit = MappingProxyType({})
) -> Choice:
    """Choose the voice for `request`, never one of another language.

    The voice that the request names comes first, then the default voice, then any other of the
    language (from its region if there is one), then FALLBACK. Raises SynthesisError where only one
    engine may speak and none of its voices fits.
    """
    lang = request.lang or language_of(request.voice, config) or config.lang
    if FALLBACK.name in (config.engine, request.voice):
        return Choice(FALLBACK.default_voice(config), lang)
    allowed = allowed_providers(config.engine)
    why = ""
    if request.voice:
        voice, why = _named_voice(config, request, allowed, unfit)
        if voice is not None:
            return Choice(voice, lang)
    default, failure = _default_voice(config, lang, allowed, unfit)
    if default is not None and default.reads(lang):
        if not failure:
            return Choice(default, lang, why)
        why = why or failure
    elif default is None and is_same_language(lang, config.lang):
        why = why or failure
    others = sorted(_others(config, lang, allowed, unfit), key=lambda each: not each.is_from(lang))
    if others:
        return Choice(others[0], lang, why)
    if config.engine != AUTO:
        raise VoiceNotFoundError(join_reasons((why, missing_voice(lang, config))))
    return Choice(FALLBACK.default_voice(config), lang, why, is_fallback=True)


def find_voice(name: str, config: EngineConfig) -> Voice:
    """Return the voice of that name, of any engine. Raises VoiceNotFoundError with what to do."""
    if name == FALLBACK.name:
        return FALLBACK.default_voice(config)
    return _find(name, config, engine_providers())


def installed_voices(config: EngineConfig) -> list[Voice]:
    """Return the voices of all engines, in the order of engine_providers()."""
    return [voice for provider in engine_providers() for voice in provider.voices(config)]


def language_of(name: str, config: EngineConfig) -> str:
    """Return the language of a voice, also of one that is not installed; empty: unknown.

    A message that names a voice and no language is in the language of that voice.
    """
    if name in ("", FALLBACK.name):
        return ""
    langs = (provider.language_of(name, config) for provider in engine_providers())
    return next(filter(None, langs), "")


def missing_voice(lang: str, config: EngineConfig) -> str:
    """Say that a language has no voice, and how to get one of each engine that may speak."""
    providers = allowed_providers(config.engine)
    return join_reasons(provider.missing(lang, config) for provider in providers)


def _find(name: str, config: EngineConfig, providers: Iterable[EngineProvider]) -> Voice:
    errors: list[SynthesisError] = []
    for provider in providers:
        try:
            return provider.find(name, config)
        except SynthesisError as exc:
            errors.append(exc)
    # Prefer the error of a damaged voice to that of a missing one.
    broken = [each for each in errors if not isinstance(each, VoiceNotFoundError)]
    raise (broken or errors)[0]


def _named_voice(
    config: EngineConfig,
    request: SpeechRequest,
    allowed: Sequence[EngineProvider],
    unfit: Unfit,
) -> tuple[Voice | None, str]:
    """Return the voice that the request names; or None, and why it cannot read this text."""
    try:
        named = _find(request.voice, config, allowed)
    except SynthesisError as exc:
        if config.engine != AUTO and not isinstance(exc, VoiceNotFoundError):
            raise
        return None, reason_of(exc)
    if named in unfit:
        return None, unfit[named]
    if request.lang and not named.reads(request.lang):
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


def _default_voice(
    config: EngineConfig, lang: str, allowed: Sequence[EngineProvider], unfit: Unfit
) -> tuple[Voice | None, str]:
    """Return the default voice, and why it cannot be used.

    There is no reason if it is just not installed: so is every new installation. Raises
    SynthesisError if only its engine may speak, and it could read `lang`.
    """
    failure = ""
    for provider in allowed:
        try:
            default = provider.default_voice(config)
        except SynthesisError as exc:
            named = provider.language_of(config.voice, config)
            is_other = isinstance(exc, VoiceNotFoundError) and not is_same_language(
                named or lang, lang
            )
            if config.engine != AUTO and not is_other:
                raise
            if not isinstance(exc, VoiceNotFoundError):
                failure = failure or reason_of(exc)
            continue
        if default is not None:
            return default, unfit.get(default, "")
    return None, failure


def _others(
    config: EngineConfig, lang: str, allowed: Sequence[EngineProvider], unfit: Unfit
) -> Iterator[Voice]:
    """Yield the installed voices of a language that can be used."""
    for provider in allowed:
        for voice in provider.voices(config):
            if voice not in unfit and voice.reads(lang):
                yield voice
