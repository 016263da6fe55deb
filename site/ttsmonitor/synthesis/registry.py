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
from typing import Any, NamedTuple, TypeVar

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import AUTO, Engine, EngineConfig, EngineProvider, Problem
from ttsmonitor.synthesis.espeak import EspeakProvider
from ttsmonitor.synthesis.kokoro.provider import KokoroProvider
from ttsmonitor.synthesis.piper.provider import PiperProvider
from ttsmonitor.synthesis.voice import Voice

logger = logging.getLogger(__name__)

ENTRY_POINTS = "moxie_tts.engines"
"""Group of the entry points by which other packages bring engines."""

FALLBACK = EspeakProvider()
"""The engine that reads what no other one can. It reads any language and needs no files."""
_BUILT_IN: tuple[EngineProvider, ...] = (PiperProvider(), KokoroProvider())


Kind = TypeVar("Kind")


class Discovery(NamedTuple):
    """The engines that can be used, and why others cannot."""

    providers: tuple[EngineProvider, ...]
    """In the order in which AUTO asks them, FALLBACK last."""
    left_out: tuple[str, ...]
    """A reason for each engine of another package that is not used."""


@cache
def discovered() -> Discovery:
    """Load the engines of other packages, once; one that cannot be used is logged and left out.

    Reading the entry points takes some hundredths of a second.
    """
    providers: list[EngineProvider] = [*_BUILT_IN]
    left_out = []
    for entry_point in _entry_points():
        try:
            providers.append(_load(entry_point, {each.name for each in (*providers, FALLBACK)}))
        except (Exception, SystemExit) as exc:
            logger.exception("cannot load the engine of the entry point %s", entry_point.name)
            left_out.append(_reason(entry_point, exc))
    return Discovery((*providers, FALLBACK), tuple(left_out))


def engine_providers() -> tuple[EngineProvider, ...]:
    """Return the providers in the order in which AUTO asks them, FALLBACK last."""
    return discovered().providers


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


def _entry_points() -> list[EntryPoint]:
    try:
        return sorted(entry_points(group=ENTRY_POINTS), key=lambda each: each.name)
    except Exception:  # one package with broken metadata hides those of all packages
        logger.exception("cannot read the entry points of the installed packages")
        return []


def _reason(entry_point: EntryPoint, exc: BaseException) -> Reason:
    package = entry_point.dist.name if entry_point.dist else entry_point.module
    return Reason(
        "the engine {name} of the package {package} is left out: {cause}",
        name=entry_point.name,
        package=package,
        cause=f"{type(exc).__name__}: {exc}",
    )


def _load(entry_point: EntryPoint, taken: set[str]) -> EngineProvider:
    provider: EngineProvider = _checked(entry_point.load()(), EngineProvider)
    if provider.name in taken or provider.name == AUTO or provider.name.split() != [provider.name]:
        raise ValueError(f"{provider.name!r} is taken or not a word")
    return _ForeignProvider(provider)


def _checked(value: Kind, kind: Any) -> Kind:
    """Return what another package gave, if it is of that kind. Raises TypeError."""
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


class _ForeignProvider(EngineProvider):
    """The provider of another package, whose exceptions become SynthesisError and are logged."""

    def __init__(self, provider: EngineProvider) -> None:
        """Wrap `provider`."""
        self.name = provider.name
        self._provider = provider

    def voices(self, config: EngineConfig) -> list[Voice]:
        try:
            with self._guard():
                return [self._own(each) for each in self._provider.voices(config)]
        except SynthesisError:
            return []

    def create(self, voice: Voice, config: EngineConfig) -> Engine:
        with self._guard():
            return _checked(self._provider.create(voice, config), Engine)

    def unavailable(self) -> str:
        with self._guard():
            return _checked(self._provider.unavailable(), str)

    def find(self, name: str, config: EngineConfig) -> Voice:
        with self._guard():
            return self._own(self._provider.find(name, config))

    def default_voice(self, config: EngineConfig) -> Voice | None:
        with self._guard():
            default = self._provider.default_voice(config)
            return None if default is None else self._own(default)

    def language_of(self, name: str, config: EngineConfig) -> str:
        try:
            with self._guard():
                return _checked(self._provider.language_of(name, config), str)
        except SynthesisError:
            return ""

    def missing(self, lang: str, config: EngineConfig) -> str:
        try:
            with self._guard():
                return _checked(self._provider.missing(lang, config), str)
        except SynthesisError:
            return super().missing(lang, config)

    def problems(self, config: EngineConfig) -> list[Problem]:
        try:
            with self._guard():
                return [_checked(each, Problem) for each in self._provider.problems(config)]
        except SynthesisError:
            return []

    def _own(self, voice: Voice) -> Voice:
        """Return the voice if it is of this engine. Raises TypeError."""
        if _checked(voice, Voice).engine != self.name:
            raise TypeError(f"{voice!r} is not a voice of {self.name}")
        return voice

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except SynthesisError:
            raise
        except (Exception, SystemExit) as exc:
            logger.exception("the engine %s failed", self.name)
            raise SynthesisError(
                Reason("the engine {name} failed: {cause}", name=self.name, cause=repr(exc))
            ) from exc
