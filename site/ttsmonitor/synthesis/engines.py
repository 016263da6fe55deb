"""Create the engine that speaks, and keep voices loaded within a memory bound."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from ttsmirror.reasons import reason_of
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import AUTO, Engine, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.choice import Choice, choose_voice, missing_voice
from ttsmonitor.synthesis.memory import return_freed_memory, taken_by
from ttsmonitor.synthesis.registry import FALLBACK, provider_of
from ttsmonitor.synthesis.voice import Voice, VoiceLabel

logger = logging.getLogger(__name__)

UNFIT_SECONDS = 60.0
"""Time until a voice that could not be loaded is tried again, in seconds."""


@dataclass(frozen=True)
class Selection:
    """A loaded engine for a request, and the choice that led to it."""

    engine: Engine
    choice: Choice

    @property
    def label(self) -> VoiceLabel:
        """The name in the history: the chosen engine, and the voice that spoke last."""
        return VoiceLabel(self.choice.voice.engine, self.engine.voice_name)


class Engines:
    """Chooses an engine for each request and keeps loaded voices within a memory bound."""

    def __init__(
        self,
        config: EngineConfig,
        on_loading: Callable[[], None],
        on_growing: Callable[[int], None] = lambda taken_bytes: None,
    ) -> None:
        """Call `on_growing` with the size of the process before a voice is loaded."""
        self._config = config
        self._on_loading = on_loading
        self._on_growing = on_growing
        self._loaded: OrderedDict[Hashable, _Loaded] = OrderedDict()  # by key, last used last
        self._unfit: dict[Voice, _Unfit] = {}
        self._warned: set[str] = set()

    def choose(self, request: SpeechRequest) -> Selection:
        """Return the engine for `request`. Raises SynthesisError if none can serve.

        With AUTO another voice serves in place of one that cannot be used; `choice.remark` says
        why.
        """
        self._forget_old_failures()
        choice = self._choice(request)
        while (engine := self._usable_engine(choice.voice)) is None:
            choice = self._choice(request)
        if choice.remark:
            self._warn(choice.remark)
        elif choice.is_fallback:
            missing = missing_voice(choice.lang, self._config)
            self._warn(f"{missing}. {choice.voice.title} reads it")
        return Selection(engine, choice)

    def _choice(self, request: SpeechRequest) -> Choice:
        reasons = {voice: unfit.reason for voice, unfit in self._unfit.items()}
        return choose_voice(self._config, request, reasons)

    def _usable_engine(self, voice: Voice) -> Engine | None:
        """Return the voice's engine, loaded; None if another voice has to replace it."""
        try:
            return self._load(voice)
        except SynthesisError as exc:
            if self._config.engine != AUTO or voice.engine == FALLBACK.name:
                raise
            self._unfit[voice] = _Unfit(reason_of(exc), time.monotonic() + UNFIT_SECONDS)
            return None

    def _forget_old_failures(self) -> None:
        """Give voices that failed a while ago another chance.

        One whose files have changed has another state, so it is another Voice and has it at once.
        """
        for voice, unfit in list(self._unfit.items()):
            if time.monotonic() > unfit.until:
                del self._unfit[voice]

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning("%s", message)

    def _load(self, voice: Voice) -> Engine:
        known = self._loaded.pop(voice.key, None)
        if known is None or known.voice != voice:
            known = None  # unload a replaced voice before the new one is loaded
            known = _Loaded(self._create(voice), voice)
            return_freed_memory()
        self._loaded[voice.key] = known
        return known.engine

    def _create(self, voice: Voice) -> Engine:
        provider = provider_of(voice.engine)
        if reason := provider.unavailable():
            raise SynthesisError(reason)
        self._make_room(voice)
        self._on_growing(self._taken(voice))
        self._on_loading()
        return provider.create(voice, self._config)

    def measure(self, is_disturbed: Callable[[], bool]) -> bool:
        """Let engines measure what their next sound needs; return False if disturbed."""
        return all(_measure(each, is_disturbed) for each in self._loaded.values())

    def _make_room(self, voice: Voice) -> None:
        """Unload the least recently used voices until `voice` fits."""
        large = [each.voice for each in self._loaded.values() if each.voice.memory_bytes]
        for old in large:
            if self._taken(voice) <= self._config.loaded_bytes:
                return
            del self._loaded[old.key]
            logger.info("voice %s unloaded: memory limit", old.name)

    def _taken(self, voice: Voice) -> int:
        voices = [voice, *(each.voice for each in self._loaded.values())]
        return taken_by({each.memory_key: each.memory_bytes for each in voices}.values())

    @property
    def loaded(self) -> list[str]:
        """Loaded voice names, least recently used first."""
        return [each.voice.name for each in self._loaded.values()]


@dataclass(frozen=True)
class _Loaded:
    """An engine with its voice loaded."""

    engine: Engine
    voice: Voice


@dataclass(frozen=True)
class _Unfit:
    """Why a voice could not be loaded."""

    reason: str
    until: float
    """Time of the next attempt, by time.monotonic()."""


def _measure(loaded: _Loaded, is_disturbed: Callable[[], bool]) -> bool:
    try:
        return loaded.engine.measure(is_disturbed)
    except (OSError, EOFError):
        raise  # the pipe that is_disturbed() polls
    except Exception:
        logger.exception("the engine %s failed", loaded.voice.engine)
        return True
