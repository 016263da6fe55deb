"""The synthesis process: it holds the engines, so that a crash costs one utterance only.

It has two pipes: one for the queue, and one for other programs, whose speech gives way.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
from collections import deque
from dataclasses import replace
from multiprocessing.connection import Connection

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import WARM_UP, Block, Engine, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.engines import Engines
from ttsmonitor.synthesis.jobs import Cancel, Done, Job, Loading, Prepare, Ready, Sound
from ttsmonitor.synthesis.memory import limit_memory
from ttsmonitor.synthesis.phrases import speak_phrases
from ttsmonitor.synthesis.priority_lock import PriorityLock, is_background
from ttsmonitor.system.log_format import make_formatter
from ttsmonitor.system.signals import STOP_SIGNALS

logger = logging.getLogger(__name__)

_GONE = (EOFError, BrokenPipeError, ConnectionResetError)
"""The speech service has ended."""


class Line:
    """The process's end of a pipe: the jobs that came, and those that were cancelled."""

    def __init__(self, connection: Connection) -> None:
        """Serve the client at the other end of `connection`."""
        self.connection = connection
        self.jobs: deque[Job] = deque()
        self.prepare: deque[SpeechRequest] = deque()
        self._cancelled: set[int] = set()  # jobs, from the one in hand on
        self._sending = threading.Lock()

    def begin(self, job: Job) -> None:
        """Forget which earlier jobs were cancelled."""
        self._cancelled = {number for number in self._cancelled if number >= job.number}

    def is_cancelled(self, number: int) -> bool:
        """Return True if this job is not wanted any more."""
        self.receive_all()
        return number in self._cancelled

    def receive_all(self) -> None:
        """Read what has come."""
        while self.connection.poll():
            self.receive()

    def receive(self) -> None:
        """Wait for a message and read it."""
        message = self.connection.recv()
        if isinstance(message, Cancel):
            self._cancelled.add(message.number)
        elif isinstance(message, Job):
            self.jobs.append(message)
        elif isinstance(message, Prepare):
            self.prepare.append(message.request)

    def send(self, message: object) -> None:
        """Send a message. Callable from any thread."""
        with self._sending:
            self.connection.send(message)

    def wait_for_room(self, number: int) -> bool:
        """Wait until send() need not wait; return False if this job is cancelled before.

        A client that cancelled a job reads no more of its sound.
        """
        while self.is_full:
            select.select([self.connection], [self.connection], [])
            if self.is_cancelled(number):
                return False
        return True

    @property
    def is_full(self) -> bool:
        """True if send() may wait until the client has read; False where that is not known."""
        if sys.platform == "win32":
            return False
        return not select.select([], [self.connection], [], 0)[1]


class Worker:
    """The loops of the process: for each line one job at a time, ended when a Cancel comes."""

    def __init__(
        self, connection: Connection, background: Connection, config: EngineConfig
    ) -> None:
        """Serve the queue by `connection` and other programs by `background`."""
        self._line = Line(connection)
        self._background = Line(background)
        self._lock = PriorityLock()
        self._engines = Engines(
            config,
            on_loading=lambda: self._line.send(Loading()),
            on_growing=lambda taken_bytes: _limit(config, taken_bytes),
        )

    def run(self) -> None:
        """Serve until the other end closes."""
        line = self._line
        try:
            with self._lock.held():
                line.send(self._warm_up(WARM_UP))
            threading.Thread(
                target=self._run_background, name="ttsmonitor.background", daemon=True
            ).start()
            while True:
                line.receive()
                while line.jobs or line.prepare or not self._measure():
                    if line.jobs:
                        line.send(self._serve(line.jobs.popleft(), line))
                    elif line.prepare:
                        with self._lock.held():
                            self._warm_up(line.prepare.popleft())
                    line.receive_all()
        except _GONE:
            return

    def _run_background(self) -> None:
        self._lock.become_background()
        line = self._background
        try:
            while True:
                line.receive()
                while line.jobs:
                    line.send(self._serve(line.jobs.popleft(), line))
        except _GONE:
            return

    def _measure(self) -> bool:
        with self._lock.held():
            return self._engines.measure(self._line.connection.poll)

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

    def _serve(self, job: Job, line: Line) -> Done:
        line.begin(job)
        held: list[Sound] = []

        def emit(block: Block) -> bool:
            if line.is_cancelled(job.number):
                return False
            if block.pcm:
                sound = Sound(job.number, block, selection.label)
                if is_background() and not engine.is_reentrant:
                    held.append(sound)  # nobody may wait for a client with the lock in hand
                else:
                    self._pass_on(sound, line, engine)
            return True

        try:
            with self._lock.held():
                selection = self._engines.choose(job.request)
                engine, choice = selection.engine, selection.choice
                if not line.is_cancelled(job.number):
                    speak_phrases(engine, replace(job.request, lang=choice.lang), emit)
            for sound in held:
                line.send(sound)
            is_cut = line.is_cancelled(job.number)
            return Done(
                job.number, "", choice.remark, is_cut, engine.is_provisional, engine.slowness
            )
        except SynthesisError as exc:
            return Done(job.number, reason_of(exc))
        except _GONE:
            raise
        except Exception as exc:
            logger.exception("synthesis failed")
            reason = Reason("synthesis failed: {cause}", cause=repr(exc))
            return Done(job.number, reason)

    def _pass_on(self, sound: Sound, line: Line, engine: Engine) -> None:
        """Send a block while others may compute: always in the background, else while it waits."""
        if is_background() or (engine.is_reentrant and line.is_full):
            with self._lock.released():
                line.send(sound)
        elif line.wait_for_room(sound.number):
            line.send(sound)


def _limit(config: EngineConfig, taken_bytes: int = 0) -> None:
    """Limit the memory of this process to its voices and some headroom."""
    limit_memory(max(config.loaded_bytes, taken_bytes), config.headroom_bytes)


def main(connection: Connection, background: Connection, config: EngineConfig) -> None:
    """Run the process until its pipe closes.

    It ignores a terminal's Ctrl-C and a supervisor's SIGTERM, which go to the whole group: the
    service has a sentence to finish first.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(os, "nice"):  # Windows has none
        os.nice(config.niceness)
    _limit(config)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(make_formatter())
    level = os.environ.get("LOG_LEVEL", "INFO").upper()
    logging.basicConfig(level=level, handlers=[handler])
    Worker(connection, background, config).run()
