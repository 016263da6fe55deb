"""The registry of engines: the built-in ones and those that other packages bring.

A built-in engine is a provider in `_BUILT_IN`. Another package names its provider, a class or a
function without arguments, as an entry point of the group ENTRY_POINTS.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import AUTO, Engine, EngineConfig, EngineProvider, Problem
from ttsmonitor.synthesis.espeak import EspeakProvider
from ttsmonitor.synthesis.piper.provider import PiperProvider
from ttsmonitor.synthesis.voice import Voice

logger = logging.getLogger(__name__)

ENTRY_POINTS = "moxie_tts.engines"
"""Group of the entry points by which other packages bring engines."""

FALLBACK = EspeakProvider()
"""The engine that reads what no other one can. It reads any language and needs no files."""
_BUILT_IN: tuple[EngineProvider, ...] = (PiperProvider(),)


@cache
def engine_providers() -> tuple[EngineProvider, ...]:
    """Return the providers in the order in which AUTO asks them, FALLBACK last.

    The first call reads the entry points, which takes some hundredths of a second. An engine that
    cannot be used is logged and left out.
    """
    providers = [*_BUILT_IN]
    for entry_point in sorted(entry_points(group=ENTRY_POINTS), key=lambda each: each.name):
        try:
            providers.append(_load(entry_point, {each.name for each in (*providers, FALLBACK)}))
        except Exception:
            logger.exception("cannot load the engine of the entry point %s", entry_point.name)
    return (*providers, FALLBACK)


def provider_of(engine: str) -> EngineProvider:
    """Return the provider of an engine by its name. Raises SynthesisError."""
    for provider in engine_providers():
        if provider.name == engine:
            return provider
    raise SynthesisError(Reason("the engine {name} is not installed", name=engine))


def allowed_providers(engine: str) -> Sequence[EngineProvider]:
    """Return what may speak before FALLBACK does, by TTS_ENGINE. Raises SynthesisError."""
    if engine != AUTO:
        return (provider_of(engine),)
    return engine_providers()[:-1]


def checked_providers(engine: str) -> Sequence[EngineProvider]:
    """Return whose settings are checked, by TTS_ENGINE: with AUTO, the built-in engines.

    Reads entry points only for an engine that is not built in. Raises SynthesisError.
    """
    built_in = (*_BUILT_IN, FALLBACK)
    if engine == AUTO:
        return built_in
    return [each for each in built_in if each.name == engine] or [provider_of(engine)]


def engine_choices() -> tuple[str, ...]:
    """Return the valid values of TTS_ENGINE."""
    return (AUTO, *(provider.name for provider in engine_providers()))


def is_engine(name: str) -> bool:
    """Return True if TTS_ENGINE may be `name`. Reads entry points only for one not built in."""
    built_in = (AUTO, *(provider.name for provider in (*_BUILT_IN, FALLBACK)))
    return name in built_in or name in engine_choices()


def _load(entry_point: EntryPoint, taken: set[str]) -> EngineProvider:
    provider = entry_point.load()()
    if provider.name in taken or provider.name == AUTO or provider.name.split() != [provider.name]:
        raise ValueError(f"{provider.name!r} is taken or not a word")
    return _ForeignProvider(provider)


class _ForeignProvider(EngineProvider):
    """The provider of another package, whose exceptions become SynthesisError and are logged."""

    def __init__(self, provider: EngineProvider) -> None:
        """Wrap `provider`."""
        self.name = provider.name
        self._provider = provider

    def voices(self, config: EngineConfig) -> list[Voice]:
        try:
            with self._guard():
                return list(self._provider.voices(config))
        except SynthesisError:
            return []

    def create(self, voice: Voice, config: EngineConfig) -> Engine:
        with self._guard():
            return self._provider.create(voice, config)

    def unavailable(self) -> str:
        with self._guard():
            return self._provider.unavailable()

    def find(self, name: str, config: EngineConfig) -> Voice:
        with self._guard():
            return self._provider.find(name, config)

    def default_voice(self, config: EngineConfig) -> Voice | None:
        with self._guard():
            return self._provider.default_voice(config)

    def language_of(self, name: str, config: EngineConfig) -> str:
        try:
            with self._guard():
                return self._provider.language_of(name, config)
        except SynthesisError:
            return ""

    def missing(self, lang: str, config: EngineConfig) -> str:
        try:
            with self._guard():
                return self._provider.missing(lang, config)
        except SynthesisError:
            return super().missing(lang, config)

    def problems(self, config: EngineConfig) -> list[Problem]:
        try:
            with self._guard():
                return list(self._provider.problems(config))
        except SynthesisError:
            return []

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except SynthesisError:
            raise
        except Exception as exc:
            logger.exception("the engine %s failed", self.name)
            raise SynthesisError(
                Reason("the engine {name} failed: {cause}", name=self.name, cause=repr(exc))
            ) from exc
