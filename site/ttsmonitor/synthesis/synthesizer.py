"""The other end of the synthesis process: ask for speech, take blocks, cancel, restart."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis import worker
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.fingerprint import fingerprint
from ttsmonitor.synthesis.voices import choose_voice
from ttsmonitor.synthesis.worker import Cancel, Done, Job, Ready, Sound

logger = logging.getLogger(__name__)

LOAD_SECONDS = 60.0
HANG_SECONDS = 15.0


class Synthesizer:
    """Speech from a process of its own. speak() is for one thread; cancel() for any."""

    def __init__(
        self,
        config: EngineConfig,
        *,
        cache: SoundCache | None = None,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        self.engine = ""
        """Who made the last sound."""
        self.error = "not started yet"
        self.error_since = time.time()
        self._config = config
        self._cache = cache
        self._hang_seconds = hang_seconds
        self._lock = threading.Lock()
        self._number = 0
        self._owner: object = None
        self._was_cut = False
        self._is_broken = self._is_stopped = False
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    @property
    def is_alive(self) -> bool:
        process = self._process
        return process is not None and not self._is_broken and process.is_alive()

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process and wait until its voice is loaded and warm.

        What is wrong with the voice is in `error` then, and each job says it again.
        """
        try:
            self._spawn()
            ready = self._receive(LOAD_SECONDS)
        except SynthesisError as exc:
            self._note(str(exc))
            return
        if isinstance(ready, Ready):
            self.engine = ready.engine or self.engine
            self._note(ready.error)

    def ensure_started(self) -> None:
        """Start the process where it is not running (any more)."""
        if not self.is_alive:
            self.start()

    def speak(self, request: SpeechRequest, owner: object = None) -> Iterator[Block]:
        """Yield the sound of `request` as it is made, or as it was made before.

        `owner` is whom cancel() will name. Raises SynthesisError; a process that died or hangs is
        replaced, and costs this one.
        """
        if self._cache is None:
            return self._make(request, owner)
        voice = choose_voice(self._config, request)
        who = f"piper {voice.name}" if voice else f"espeak {request.lang}"
        state = fingerprint(voice.model) if voice else ""
        key = self._cache.key(who, state, replace(request, voice=""))
        known = self._cache.get(key)
        if known is None:
            blocks = self._make(request, owner)
            return self._cache.keep(key, blocks, lambda: self._is_by(who) and not self._was_cut)
        self.engine = f"{who}, cached"
        return iter(known)

    def _is_by(self, who: str) -> bool:
        """Did `who`'s engine make the last sound? Not where another one stood in."""
        return self.engine.partition(" ")[0] == who.partition(" ")[0]

    def _make(self, request: SpeechRequest, owner: object) -> Iterator[Block]:
        self.ensure_started()
        with self._lock:
            self._number += 1
            number, self._owner, self._was_cut = self._number, owner, True
        self._send(Job(number, request))
        while True:
            message = self._receive(self._hang_seconds)
            if isinstance(message, Sound) and message.number == number:
                self.engine = message.engine
                yield message.block
            elif isinstance(message, Done) and message.number == number:
                self._was_cut = message.is_cut
                self._note(message.error)
                if message.error:
                    raise SynthesisError(message.error)
                return

    def cancel(self, owner: object = None) -> None:
        """Give up the current job, if it is that owner's; speak() of it ends soon.

        Harmless where there is none, or where the next one's has begun meanwhile.
        """
        with self._lock:
            connection, number = self._connection, self._number
            if connection is not None and number and owner in (None, self._owner):
                try:
                    connection.send(Cancel(number))
                except OSError:
                    logger.debug("nothing to cancel: the synthesis process is gone")

    def stop(self) -> None:
        """End the process, for good: also one that is being started. Any number of times."""
        self._is_stopped = True
        self._end()

    def _end(self) -> None:
        with self._lock:
            connection, process = self._connection, self._process
            self._connection = self._process = None
        if process is not None:
            process.kill()  # it has nothing to save, and whoever waits sees the pipe's end
            process.join(5)
        if connection is not None:
            connection.close()

    def _spawn(self) -> None:
        self._end()
        # spawn: a fork would copy the threads' locks in whatever state they are.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=worker.main, args=(theirs, self._config), name="ttsmonitor.synthesis"
        )
        process.daemon = True
        process.start()
        theirs.close()
        with self._lock:
            self._connection, self._process, self._is_broken = ours, process, False
        if self._is_stopped:  # meanwhile
            self._end()
            raise SynthesisError("the synthesis process is stopped")

    def _send(self, job: Job) -> None:
        with self._lock:
            connection = self._connection
            if connection is None:
                raise SynthesisError("the synthesis process is stopped")
            try:
                connection.send(job)
            except OSError as exc:
                raise self._died() from exc

    def _receive(self, timeout_seconds: float) -> object:
        connection = self._connection
        if connection is None:
            raise SynthesisError("the synthesis process is stopped")
        try:
            if not connection.poll(timeout_seconds):
                if self._process is not None:
                    self._process.kill()
                raise self._died(f"the voice did nothing for {timeout_seconds:.0f} s")
            return connection.recv()
        except (EOFError, OSError) as exc:
            raise self._died() from exc

    def _died(self, reason: str = "the synthesis process died") -> SynthesisError:
        self._is_broken = True
        error = f"{reason}; it is started again"
        self._note(error)
        return SynthesisError(error)

    def _note(self, error: str) -> None:
        if error != self.error:
            self.error, self.error_since = error, time.time()
            if error:
                logger.error("synthesis: %s", error)
