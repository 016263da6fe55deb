"""The synthesis process: it holds the engines, so that a crash costs one utterance only.

Messages to the process: Job, Cancel, Prepare. From it: Ready, Loading, Sound, Done.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections import deque
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import WARM_UP, Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.engines import Engines
from ttsmonitor.synthesis.memory import limit_memory
from ttsmonitor.synthesis.phrases import speak_phrases
from ttsmonitor.synthesis.voice import VoiceLabel
from ttsmonitor.system.log_format import make_formatter
from ttsmonitor.system.signals import STOP_SIGNALS

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """A request to speak."""

    number: int
    request: SpeechRequest


@dataclass(frozen=True)
class Cancel:
    """A request to end a job."""

    number: int


@dataclass(frozen=True)
class Prepare:
    """A request to load a voice when idle."""

    request: SpeechRequest


@dataclass(frozen=True)
class Loading:
    """A voice is being loaded; a new one may take long."""


@dataclass(frozen=True)
class Ready:
    """The default engine is loaded and warm; if not, `error` is the reason."""

    label: VoiceLabel | None
    error: str = ""


@dataclass(frozen=True)
class Sound:
    """A block of a job's sound and the voice that made it."""

    number: int
    block: Block
    label: VoiceLabel


@dataclass(frozen=True)
class Done:
    """The end of a job; `error` is the reason of a failure."""

    number: int
    error: str = ""
    remark: str = ""
    """Why another voice than the requested one spoke."""
    is_cut: bool = False
    """The job was cancelled, so sound is missing."""
    is_provisional: bool = False
    """The loudness of the sound is not final."""
    slowness: float = 0.0
    """Seconds that a second of sound takes to be made; 0 while unknown."""


class Worker:
    """The loop of the process: one job at a time, ended when a Cancel comes."""

    def __init__(self, connection: Connection, config: EngineConfig) -> None:
        """Serve the client at the other end of `connection`."""
        self._connection = connection
        self._engines = Engines(
            config,
            on_loading=lambda: connection.send(Loading()),
            on_growing=lambda taken_bytes: _limit(config, taken_bytes),
        )
        self._cancelled: set[int] = set()  # jobs, from the one in hand on
        self._jobs: deque[Job] = deque()
        self._prepare: deque[SpeechRequest] = deque()

    def run(self) -> None:
        """Serve until the other end closes."""
        try:
            self._connection.send(self._warm_up(WARM_UP))
            while True:
                self._receive(self._connection.recv())
                is_disturbed = self._connection.poll
                while self._jobs or self._prepare or not self._engines.measure(is_disturbed):
                    if self._jobs:
                        self._connection.send(self._serve(self._jobs.popleft()))
                    elif self._prepare:
                        self._warm_up(self._prepare.popleft())
                    self._receive_all()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return

    def _warm_up(self, request: SpeechRequest) -> Ready:
        try:
            selection = self._engines.choose(request)
            selection.engine.speak(request, lambda block: True)
            return Ready(selection.label)
        except SynthesisError as exc:
            return Ready(None, reason_of(exc))
        except Exception as exc:
            logger.exception("the voice could not be loaded")
            reason = Reason("the voice could not be loaded: {cause}", cause=repr(exc))
            return Ready(None, reason)

    def _serve(self, job: Job) -> Done:
        self._cancelled = {number for number in self._cancelled if number >= job.number}

        def emit(block: Block) -> bool:
            if self._is_cancelled(job.number):
                return False
            if block.pcm:
                self._connection.send(Sound(job.number, block, selection.label))
            return True

        try:
            selection = self._engines.choose(job.request)
            engine, choice = selection.engine, selection.choice
            if not self._is_cancelled(job.number):
                speak_phrases(engine, replace(job.request, lang=choice.lang), emit)
            is_cut = self._is_cancelled(job.number)
            return Done(
                job.number, "", choice.remark, is_cut, engine.is_provisional, engine.slowness
            )
        except SynthesisError as exc:
            return Done(job.number, reason_of(exc))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as exc:
            logger.exception("synthesis failed")
            reason = Reason("synthesis failed: {cause}", cause=repr(exc))
            return Done(job.number, reason)

    def _is_cancelled(self, number: int) -> bool:
        self._receive_all()
        return number in self._cancelled

    def _receive_all(self) -> None:
        while self._connection.poll():
            self._receive(self._connection.recv())

    def _receive(self, message: object) -> None:
        if isinstance(message, Cancel):
            self._cancelled.add(message.number)
        elif isinstance(message, Job):
            self._jobs.append(message)
        elif isinstance(message, Prepare):
            self._prepare.append(message.request)


def _limit(config: EngineConfig, taken_bytes: int = 0) -> None:
    """Limit the memory of this process to its voices and some headroom."""
    limit_memory(max(config.loaded_bytes, taken_bytes), config.headroom_bytes)


def main(connection: Connection, config: EngineConfig) -> None:
    """Run the process until its pipe closes.

    It ignores a terminal's Ctrl-C and a supervisor's SIGTERM, which go to the whole group: the
    service has a sentence to finish first.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    os.nice(config.niceness)
    _limit(config)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(make_formatter())
    level = os.environ.get("LOG_LEVEL", "INFO").upper()
    logging.basicConfig(level=level, handlers=[handler])
    Worker(connection, config).run()
