"""The client of the synthesis process: request speech, receive blocks, cancel, restart."""

from __future__ import annotations

import logging
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from ttsmirror.heartbeat import beat
from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis import worker
from ttsmonitor.synthesis.background import BackgroundSpeech, sound_key
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.choice import Choice, choose_voice
from ttsmonitor.synthesis.jobs import Cancel, Done, Job, Loading, Prepare, Ready, Sound
from ttsmonitor.synthesis.registry import engine_providers
from ttsmonitor.synthesis.voice import VoiceLabel

logger = logging.getLogger(__name__)

LOAD_SECONDS = 180.0
"""Time limit to split a new voice into stages (stages.CUT_SECONDS) and load it, in seconds."""
HANG_SECONDS = 15.0
ATTENTION_SECONDS = 0.01
"""How often whoever waits for sound looks whether it is still wanted."""
PROCESS_STOPPED = Reason("the synthesis process is stopped")
DIED = Reason("the synthesis process died")


class Synthesizer:
    """Speech from a separate process. speak() is for one thread; cancel() for any."""

    def __init__(
        self,
        config: EngineConfig,
        *,
        cache: SoundCache | None = None,
        hang_seconds: float = HANG_SECONDS,
    ) -> None:
        """Prepare to speak; the process is started by start() or by the first request."""
        self.label: VoiceLabel | None = None
        """The voice of the last sound; None before the first."""
        self.remark = ""
        """Why another voice than the requested one spoke; empty if none did."""
        self.error: str = Reason("not started yet")
        self.error_since = time.time()
        self.background = BackgroundSpeech(config, cache)
        """Speech for other programs, from the same process."""
        self.slowness = 0.0
        """Seconds that a second of sound took to be made; 0 while unknown."""
        self._starts = 0
        self._config = config
        self._cache = cache
        self._hang_seconds = hang_seconds
        self._lock = threading.Lock()
        self._number = self._newest = self._cancelled = 0
        self._owner: object = None
        self._ahead: Job | None = None  # a prefetch
        self._patience = LOAD_SECONDS
        self._silent_since = 0.0  # monotonic seconds; 0: no job waits for an answer
        self._was_cut = False
        self._is_broken = self._is_stopped = False
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None

    @property
    def engine(self) -> str:
        """The label as the text of the history; empty before the first sound."""
        return str(self.label or "")

    @property
    def warning(self) -> str:
        """A problem of the voice that does not stop it; empty if there is none."""
        if self.slowness <= 1 or self.label is None:
            return ""
        return Reason(
            "{voice} needs {seconds} s for a second of sound, so there are gaps. Use a smaller"
            " voice: one whose name ends in low or x_low",
            voice=self.label.voice,
            seconds=f"{self.slowness:.1f}",
        )

    @property
    def is_alive(self) -> bool:
        """True while the process runs."""
        process = self._process
        return process is not None and not self._is_broken and process.is_alive()

    @property
    def restarts(self) -> int:
        """How often the process was replaced."""
        return max(0, self._starts - 1)

    @property
    def pid(self) -> int | None:
        """The process id; None if none runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process and wait until its voice is loaded and warm.

        A broken voice is reported in `error`, and again by each request.
        """
        try:
            self._spawn()
            engine_providers()  # import them while the process starts, not for the first sentence
            while not isinstance(ready := self._receive(), Ready):
                pass
        except SynthesisError as exc:
            self._report_error(reason_of(exc))
            return
        self.label = ready.label or self.label
        self._report_error(ready.error)

    def ensure_started(self) -> None:
        """Start the process if it is not running."""
        if not self.is_alive:
            self.start()

    def speak(self, request: SpeechRequest, owner: object = None) -> Iterator[Block]:
        """Yield the sound of `request` as it is made, or from the cache.

        `cancel(owner)` ends it. Raises SynthesisError. A process that died or hangs is replaced;
        this request is lost then.
        """
        if self._cache is None:
            return self._make(request, owner)
        choice, key = self._find_sound(request)
        known = self._cache.get(key)
        if known is None:
            blocks = self._make(request, owner)
            return self._cache.keep(key, blocks, lambda: self._is_by(choice) and not self._was_cut)
        self.label, self.remark = replace(choice.label, is_cached=True), choice.remark
        return iter(known)

    def prefetch(self, request: SpeechRequest) -> None:
        """Begin to synthesize the probable next request of `speak()`. Callable from any thread.

        A running prefetch is kept: its utterance comes before this one in the queue.
        """
        with suppress(SynthesisError):  # speak() reports it
            is_cached = self._cache is not None and self._cache.has(self._find_sound(request)[1])
            if not self.is_alive or is_cached:
                return
            with self._lock:
                if self._ahead is None:
                    self._ahead = self._new_job(request)
                    self._send_now(self._ahead)

    def _find_sound(self, request: SpeechRequest) -> tuple[Choice, str]:
        """Return the voice that should speak, and the key of its sound in the cache."""
        try:
            choice = choose_voice(self._config, request)
        except SynthesisError as exc:
            self._report_error(reason_of(exc))
            raise
        return choice, sound_key(choice, request)

    def _is_by(self, choice: Choice) -> bool:
        """Return True if that voice made the last sound, and no other one replaced it."""
        is_its_engine = self.label is not None and self.label.engine == choice.voice.engine
        return self.remark == choice.remark and is_its_engine

    def _make(self, request: SpeechRequest, owner: object) -> Iterator[Block]:
        number = self._begin(request, owner)
        while True:
            message = self._receive(lambda: self._cancelled >= number)
            if message is None:
                return  # cancelled; later messages about this job are ignored
            if isinstance(message, Sound) and message.number == number:
                self.label = message.label
                yield message.block
            elif isinstance(message, Done) and message.number == number:
                self._was_cut = message.is_cut or message.is_provisional
                self.remark, self.slowness = message.remark, message.slowness
                self._report_error(message.error)
                if message.error:
                    raise SynthesisError(message.error)
                return

    def _begin(self, request: SpeechRequest, owner: object) -> int:
        """Start the job, unless it was prefetched; return its number."""
        self.ensure_started()
        with self._lock:
            ahead, self._ahead = self._ahead, None
            self._owner, self._was_cut = owner, True
            is_begun = ahead is not None and ahead.request == request
            job = ahead if ahead is not None and is_begun else self._new_job(request)
            self._number = job.number
            if not is_begun:
                self._cancel_prefetch(ahead)
                self._send_now(job)
        return job.number

    def _new_job(self, request: SpeechRequest) -> Job:
        self._newest += 1
        return Job(self._newest, request)

    def _cancel_prefetch(self, ahead: Job | None) -> None:
        if ahead is not None:
            self._send_now(Cancel(ahead.number))

    def cancel(self, owner: object = None) -> None:
        """Cancel the current job if `owner` owns it; its speak() ends soon.

        Harmless if there is none, or if the next owner's job has begun meanwhile.
        """
        with self._lock:
            connection, number = self._connection, self._number
            if connection is not None and number and owner in (None, self._owner):
                self._cancelled = number
                try:
                    connection.send(Cancel(number))
                except OSError:
                    logger.debug("nothing to cancel: the synthesis process has ended")

    def prepare(self, request: SpeechRequest) -> None:
        """Load the voice for this request when the process is idle."""
        try:
            with self._lock:
                self._send_now(Prepare(request))
        except SynthesisError as exc:
            logger.debug("voice not prepared: %s", exc)

    def stop(self) -> None:
        """End the process for good, even while it starts. Idempotent."""
        self._is_stopped = True
        self._end()

    def _end(self) -> None:
        with self._lock:
            connection, process = self._connection, self._process
            self._connection = self._process = None
        self.background.disconnect()
        if process is not None:
            process.kill()  # it has nothing to save, and a waiting speak() sees the pipe's end
            process.join(5)
        if connection is not None:
            connection.close()

    def _spawn(self) -> None:
        self._end()
        # spawn, because a fork would copy the threads' locks in their current state.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        background, their_background = context.Pipe()
        process = context.Process(
            target=worker.main,
            args=(theirs, their_background, self._config),
            name="ttsmonitor.synthesis",
        )
        process.daemon = True
        process.start()
        self._starts += 1
        theirs.close()
        their_background.close()
        self.background.connect(background)
        self._patience, self._silent_since, self._ahead = LOAD_SECONDS, 0.0, None
        with self._lock:
            self._connection, self._process, self._is_broken = ours, process, False
        if self._is_stopped:  # by another thread, since the beginning of this method
            self._end()
            raise SynthesisError(PROCESS_STOPPED)

    def _send_now(self, message: Job | Prepare | Cancel) -> None:
        """Send a message; the caller holds the lock. Raises SynthesisError."""
        connection = self._connection
        if connection is None:
            raise SynthesisError(PROCESS_STOPPED)
        try:
            connection.send(message)
        except OSError as exc:
            raise self._died() from exc

    def _receive(self, is_over: Callable[[], bool] = lambda: False) -> object:
        """Return the next message, or None as soon as `is_over()`."""
        connection = self._connection
        if connection is None:
            raise SynthesisError(PROCESS_STOPPED)
        # From when somebody first waited: also a job that is given up has an answer to come.
        self._silent_since = self._silent_since or time.monotonic()
        deadline = self._silent_since + self._patience
        try:
            while not connection.poll(ATTENTION_SECONDS):
                beat()
                if is_over():
                    return None
                if time.monotonic() > deadline:
                    if self._process is not None:
                        self._process.kill()
                    seconds = round(self._patience)
                    raise self._died(
                        Reason("the voice did not answer for {seconds} s", seconds=seconds)
                    )
            message = connection.recv()
            self._silent_since = 0.0
        except (EOFError, OSError) as exc:
            raise self._died() from exc
        is_loading = isinstance(message, Loading)
        self._patience = LOAD_SECONDS if is_loading else self._hang_seconds
        return message

    def _died(self, reason: Reason = DIED) -> SynthesisError:
        self._is_broken = True
        error = Reason("{cause}; restarting it", cause=reason)
        self._report_error(error)
        return SynthesisError(error)

    def _report_error(self, error: str) -> None:
        if error != self.error:
            self.error, self.error_since = error, time.time()
            if error:
                logger.error("synthesis: %s", error)
