"""The synthesis process: it holds the engines, so that a crash there costs one utterance.

What goes over the pipe: to the process a Job, Cancel or Prepare, from it Ready, Loading, Sound
and Done.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import WARM_UP, Block, Engine, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.fingerprint import fingerprint
from ttsmonitor.synthesis.memory import give_back, taken_by
from ttsmonitor.synthesis.voices import ESPEAK, Voice, choose_voice
from ttsmonitor.system.signals import STOP_SIGNALS

if TYPE_CHECKING:
    from ttsmonitor.synthesis.piper import PiperEngine

logger = logging.getLogger(__name__)

UNFIT_SECONDS = 60.0
"""So long a voice that could not be loaded is not tried again: that takes seconds."""


@dataclass(frozen=True)
class Job:
    """Say this."""

    number: int
    request: SpeechRequest


@dataclass(frozen=True)
class Cancel:
    """Say no more of that job."""

    number: int


@dataclass(frozen=True)
class Prepare:
    """Load the voice of this request when there is nothing else to do."""

    request: SpeechRequest


@dataclass(frozen=True)
class Loading:
    """A voice is being loaded, which may take long where it is new here: have patience."""


@dataclass(frozen=True)
class Ready:
    """The default engine is loaded and warm; or why it is not."""

    engine: str
    error: str = ""


@dataclass(frozen=True)
class Sound:
    """A block of a job's sound, and who made it."""

    number: int
    block: Block
    engine: str


@dataclass(frozen=True)
class Done:
    """The job is finished; `error` says why it could not be."""

    number: int
    error: str = ""
    remark: str = ""
    """Why another voice spoke than was to."""
    is_cut: bool = False
    """It was cancelled, so there is sound missing."""
    is_provisional: bool = False
    """It may be louder or softer the next time."""


class Engines:
    """Chooses the engine for a request, and keeps what is loaded."""

    def __init__(self, config: EngineConfig, on_loading: Callable[[], None]) -> None:
        self._config = config
        self._on_loading = on_loading
        self._espeak_engine: Engine | None = None
        self._loaded: OrderedDict[Path, _Loaded] = OrderedDict()  # the last used one last
        self._unfit: dict[Path, _Unfit] = {}
        self._gains: dict[tuple[Path, str], dict[int, float]] = {}  # also of those that were let go
        self._warned: set[str] = set()
        self.remark = ""
        """Why another one was chosen than was wanted."""

    def choose(self, request: SpeechRequest) -> Engine:
        """The engine for `request`. Raises SynthesisError where none can serve.

        With `auto` another one serves in place of a voice that cannot be loaded; `remark` says so.
        """
        self.remark = ""
        self._give_second_chances()
        wanted = voice = choose_voice(self._config, request)
        while voice is not None and not self._is_fit(voice):
            voice = choose_voice(self._config, request, self._unfit)
        engine = self._espeak() if voice is None else self._loaded[voice.model].engine
        if wanted is not None and wanted is not voice:
            self.remark = f"{self._unfit[wanted.model].reason}; {engine.name} speaks instead"
            self._warn(self.remark)
        self._warn_of_missing(request, wanted)
        return engine

    def _warn_of_missing(self, request: SpeechRequest, wanted: Voice | None) -> None:
        if wanted is None and request.voice != ESPEAK:
            self._warn(
                f"no Piper voice for {request.lang or self._config.lang} is installed, so"
                " espeak speaks. Get one with: python manage.py download_voice"
                f" {self._config.voice}"
            )
        elif wanted is not None and request.voice not in ("", wanted.name):
            self._warn(
                f"the voice {request.voice} is not installed, or broken;"
                f" {wanted.name} speaks instead"
            )

    def _is_fit(self, voice: Voice) -> bool:
        """Is it loaded now?"""
        if voice.model in self._unfit:
            return False
        try:
            self._load(voice)
        except SynthesisError as exc:
            if self._config.engine == "piper":
                raise
            until = time.monotonic() + UNFIT_SECONDS
            self._unfit[voice.model] = _Unfit(str(exc), _state(voice.model), until)
            return False
        return True

    def _give_second_chances(self) -> None:
        """To what could not be loaded and has changed since, or failed a while ago."""
        for model, unfit in list(self._unfit.items()):
            if time.monotonic() > unfit.until or _state(model) != unfit.state:
                del self._unfit[model]

    def _warn(self, words: str) -> None:
        if words not in self._warned and self._config.engine != "espeak":
            self._warned.add(words)
            logger.warning("%s", words)

    def _load(self, voice: Voice) -> None:
        try:
            from ttsmonitor.synthesis.piper import PiperEngine
        except ImportError as exc:
            raise SynthesisError(
                "Piper is not installed: pip install -r requirements-piper.txt"
            ) from exc
        state = fingerprint(voice.model)
        known = self._loaded.pop(voice.model, None)
        if known is None or known.state != state:
            known = None  # let go of one that was replaced, before the new one is loaded
            size = voice.model.stat().st_size
            self._make_room(size)
            self._on_loading()
            gains = self._gains.setdefault((voice.model, state), {})
            known = _Loaded(PiperEngine(voice, gains), state, size)
            give_back()
        self._loaded[voice.model] = known

    def measure(self, is_disturbed: Callable[[], bool]) -> bool:
        """Find out how loud new speakers are; False where that was disturbed."""
        return all(each.engine.measure(is_disturbed) for each in self._loaded.values())

    def _make_room(self, size: int) -> None:
        """Let the least recently used voices go until one of `size` bytes fits."""
        while self._loaded and self._taken(size) > self._config.loaded_bytes:
            model, _old = self._loaded.popitem(last=False)
            logger.info("let go of the voice %s, to make room", model.stem)

    def _taken(self, size: int) -> int:
        return taken_by([size, *(each.size for each in self._loaded.values())])

    @property
    def loaded(self) -> list[str]:
        """Names of the voices in memory, the one used last last."""
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
    """A voice in memory."""

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


class Worker:
    """The loop of the process: one job at a time, given up when a Cancel comes."""

    def __init__(self, connection: Connection, config: EngineConfig) -> None:
        self._connection = connection
        self._engines = Engines(config, on_loading=lambda: connection.send(Loading()))
        self._cancelled: set[int] = set()  # jobs, from the one in hand on
        self._jobs: deque[Job] = deque()
        self._prepare: deque[SpeechRequest] = deque()

    def run(self) -> None:
        """Serve until the other end closes."""
        try:
            self._connection.send(self._warm_up(WARM_UP))
            while True:
                self._take(self._connection.recv())
                is_disturbed = self._connection.poll
                while self._jobs or self._prepare or not self._engines.measure(is_disturbed):
                    if self._jobs:
                        self._connection.send(self._serve(self._jobs.popleft()))
                    elif self._prepare:
                        self._warm_up(self._prepare.popleft())
                    self._take_all()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return

    def _warm_up(self, request: SpeechRequest) -> Ready:
        try:
            engine = self._engines.choose(request)
            engine.speak(request, lambda block: True)
            return Ready(engine.name)
        except SynthesisError as exc:
            return Ready("", str(exc))
        except Exception as exc:
            logger.exception("the voice could not be loaded")
            return Ready("", f"the voice could not be loaded: {exc!r}")

    def _serve(self, job: Job) -> Done:
        self._cancelled = {number for number in self._cancelled if number >= job.number}

        def emit(block: Block) -> bool:
            if self._is_cancelled(job.number):
                return False
            self._connection.send(Sound(job.number, block, engine.name))
            return True

        try:
            engine = self._engines.choose(job.request)
            remark = self._engines.remark
            if not self._is_cancelled(job.number):
                engine.speak(job.request, emit)
            is_cut = self._is_cancelled(job.number)
            return Done(job.number, "", remark, is_cut, engine.is_provisional)
        except SynthesisError as exc:
            return Done(job.number, str(exc))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as exc:
            logger.exception("synthesis failed")
            return Done(job.number, f"synthesis failed: {exc!r}")

    def _is_cancelled(self, number: int) -> bool:
        self._take_all()
        return number in self._cancelled

    def _take_all(self) -> None:
        while self._connection.poll():
            self._take(self._connection.recv())

    def _take(self, message: object) -> None:
        if isinstance(message, Cancel):
            self._cancelled.add(message.number)
        elif isinstance(message, Job):
            self._jobs.append(message)
        elif isinstance(message, Prepare):
            self._prepare.append(message.request)


def main(connection: Connection, config: EngineConfig) -> None:
    """Entry point of the process. It ends when its pipe does.

    Not by a terminal's Ctrl-C or a supervisor's SIGTERM, which go to the whole group: the service
    has a sentence to finish first.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    os.nice(config.niceness)
    logging.basicConfig(
        stream=sys.stderr,
        level=os.environ.get("LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    Worker(connection, config).run()
