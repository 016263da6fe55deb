"""Choose the engine that speaks, and keep voices loaded."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ttsmirror.reasons import reason_of
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import Engine, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.memory import give_back, taken_by
from ttsmonitor.synthesis.piper.fingerprint import fingerprint
from ttsmonitor.synthesis.piper.voices import (
    ESPEAK,
    Choice,
    Voice,
    choose_voice,
    no_voice_for,
    piper_missing,
)

if TYPE_CHECKING:
    from ttsmonitor.synthesis.piper.engine import PiperEngine

logger = logging.getLogger(__name__)

UNFIT_SECONDS = 60.0
"""So long a voice that could not be loaded is not tried again: that takes seconds."""


class Engines:
    """Chooses an engine for each request and keeps loaded voices within a memory bound."""

    def __init__(
        self,
        config: EngineConfig,
        on_loading: Callable[[], None],
        on_growing: Callable[[int], None] = lambda taken_bytes: None,
    ) -> None:
        """Tell `on_growing` the size of the process before a voice is loaded."""
        self._config = config
        self._on_loading = on_loading
        self._on_growing = on_growing
        self._espeak_engine: Engine | None = None
        self._loaded: OrderedDict[Path, _Loaded] = OrderedDict()  # the last used one last
        self._unfit: dict[Path, _Unfit] = {}
        self._gains: dict[tuple[Path, str], dict[int, float]] = {}  # also of those that were let go
        self._warned: set[str] = set()
        self.remark = ""
        """Why another one was chosen than was wanted."""
        self.lang = config.lang
        """The language of the text that one was chosen for."""

    def choose(self, request: SpeechRequest) -> Engine:
        """Return the engine for `request`. Raises SynthesisError where none can serve.

        With `auto` another one serves in place of a voice that cannot be used; `remark` says why.
        """
        self.remark = ""
        self._give_second_chances()
        choice = self._choice(request)
        while choice.voice is not None and not self._is_fit(choice.voice):
            choice = self._choice(request)
        self.remark, self.lang = choice.remark, choice.lang
        if self.remark:
            self._warn(self.remark)
        elif choice.voice is None and request.voice != ESPEAK:
            self._warn(f"{no_voice_for(choice.lang, self._config.voice)}. eSpeak NG reads it")
        return self._loaded[choice.voice.model].engine if choice.voice else self._espeak()

    def _choice(self, request: SpeechRequest) -> Choice:
        reasons = {model: unfit.reason for model, unfit in self._unfit.items()}
        return choose_voice(self._config, request, reasons)

    def _is_fit(self, voice: Voice) -> bool:
        """Load the voice; return False where it cannot be used."""
        if voice.model in self._unfit:
            return False
        try:
            self._load(voice)
        except SynthesisError as exc:
            if self._config.engine == "piper":
                raise
            until = time.monotonic() + UNFIT_SECONDS
            self._unfit[voice.model] = _Unfit(reason_of(exc), _state(voice.model), until)
            return False
        return True

    def _give_second_chances(self) -> None:
        """Forget failures of voices that have changed since, or failed a while ago."""
        for model, unfit in list(self._unfit.items()):
            if time.monotonic() > unfit.until or _state(model) != unfit.state:
                del self._unfit[model]

    def _warn(self, words: str) -> None:
        if words not in self._warned and self._config.engine != "espeak":
            self._warned.add(words)
            logger.warning("%s", words)

    def _load(self, voice: Voice) -> None:
        try:
            from ttsmonitor.synthesis.piper.engine import PiperEngine
        except ImportError as exc:
            raise SynthesisError(piper_missing()) from exc
        state = fingerprint(voice.model)
        known = self._loaded.pop(voice.model, None)
        if known is None or known.state != state:
            known = None  # let go of one that was replaced, before the new one is loaded
            size = voice.model.stat().st_size
            self._make_room(size)
            self._on_growing(self._taken(size))
            self._on_loading()
            gains = self._gains.setdefault((voice.model, state), {})
            known = _Loaded(PiperEngine(voice, gains), state, size)
            give_back()
        self._loaded[voice.model] = known

    def measure(self, is_disturbed: Callable[[], bool]) -> bool:
        """Measure the loudness of new speakers; return False where that was disturbed."""
        return all(each.engine.measure(is_disturbed) for each in self._loaded.values())

    def _make_room(self, size: int) -> None:
        """Unload the least recently used voices until one of `size` bytes fits."""
        while self._loaded and self._taken(size) > self._config.loaded_bytes:
            model, _old = self._loaded.popitem(last=False)
            logger.info("let go of the voice %s, to make room", model.stem)

    def _taken(self, size: int) -> int:
        return taken_by([size, *(each.size for each in self._loaded.values())])

    @property
    def loaded(self) -> list[str]:
        """Loaded voice names, least recently used first."""
        return [model.stem for model in self._loaded]

    def _espeak(self) -> Engine:
        from ttsmonitor.synthesis.espeak import EspeakEngine

        if self._espeak_engine is None:
            self._espeak_engine = EspeakEngine(self._config.lang)
        return self._espeak_engine


def _state(model: Path) -> str:
    try:
        return fingerprint(model)
    except OSError:
        return ""  # it is gone


@dataclass(frozen=True)
class _Loaded:
    """A loaded voice."""

    engine: PiperEngine
    state: str
    """Fingerprint of its files when it was loaded."""
    size: int
    """Bytes of its model's file."""


@dataclass(frozen=True)
class _Unfit:
    """A voice that could not be loaded."""

    reason: str
    state: str
    """Fingerprint of its files then."""
    until: float
    """Monotonic."""
