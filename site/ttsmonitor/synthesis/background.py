"""Speech for other programs: from the synthesis process of the queue, whose speech goes first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.choice import Choice, choose_voice
from ttsmonitor.synthesis.jobs import Cancel, Done, Job, Sound
from ttsmonitor.synthesis.voice import VoiceLabel

ATTENTION_SECONDS = 0.02
"""How often whoever waits for sound looks whether it is still wanted."""
PATIENCE_SECONDS = 180.0
"""Time limit for the next block: a voice may have to be loaded, and the queue goes first."""
NOT_RUNNING = Reason("the synthesis process is not running")


class BackgroundSpeech:
    """Speech that waits for that of the queue. speak() may be called from any thread.

    Of several callers one is served at a time.
    """

    def __init__(self, config: EngineConfig, cache: SoundCache | None) -> None:
        """Share the settings and the cache of the queue."""
        self._config = config
        self._cache = cache
        self._connection: Connection | None = None
        self._turn = threading.Lock()
        self._number = 0

    def connect(self, connection: Connection) -> None:
        """Use the pipe of a process that was started."""
        self._connection = connection

    def disconnect(self) -> None:
        """Close the pipe: the process ends."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def speak(
        self, request: SpeechRequest, is_wanted: Callable[[], bool] = lambda: True
    ) -> Iterator[Block]:
        """Yield the sound of `request` as it is made, or from the cache.

        It ends soon after `is_wanted` returns False, or when it is closed. Raises SynthesisError.
        """
        choice = choose_voice(self._config, request)
        wanted = _Wanted(request, choice, is_wanted)
        if self._cache is None:
            yield from self._make(wanted)
            return
        key = sound_key(choice, request)
        known = self._cache.get(key)
        if known is not None:
            yield from known
            return
        yield from self._cache.keep(key, self._make(wanted), lambda: wanted.is_complete)

    def _make(self, wanted: _Wanted) -> Iterator[Block]:
        while not self._turn.acquire(timeout=ATTENTION_SECONDS):
            if not wanted.is_wanted():
                return
        try:
            yield from self._receive_sound(wanted)
        except (EOFError, OSError) as exc:
            raise SynthesisError(NOT_RUNNING) from exc
        finally:
            self._turn.release()

    def _receive_sound(self, wanted: _Wanted) -> Iterator[Block]:
        if (connection := self._connection) is None:
            raise SynthesisError(NOT_RUNNING)
        self._number += 1
        number = self._number
        connection.send(Job(number, wanted.request))
        is_over = False
        try:
            while (message := _receive(connection, wanted.is_wanted)) is not None:
                if isinstance(message, Sound) and message.number == number:
                    wanted.label = message.label
                    yield message.block
                elif isinstance(message, Done) and message.number == number:
                    is_over = True
                    wanted.finish(message)
                    return
        finally:
            if not is_over:
                with suppress(OSError):  # the process has ended
                    connection.send(Cancel(number))


@dataclass
class _Wanted:
    """A request, and what became of it."""

    request: SpeechRequest
    choice: Choice
    is_wanted: Callable[[], bool]
    label: VoiceLabel | None = None
    """The voice of the last block."""
    is_complete: bool = False
    """The chosen voice made all of the sound, at its final loudness."""

    def finish(self, done: Done) -> None:
        """Note how it ended. Raises SynthesisError."""
        if done.error:
            raise SynthesisError(done.error)
        is_by_choice = self.label is not None and self.label.engine == self.choice.voice.engine
        is_changed = done.is_cut or done.is_provisional or done.remark != self.choice.remark
        self.is_complete = is_by_choice and not is_changed


def sound_key(choice: Choice, request: SpeechRequest) -> str:
    """Return the key in the cache of what this voice makes of `request`."""
    return SoundCache.key(choice.label, choice.voice.state, replace(request, voice=""))


def _receive(connection: Connection, is_wanted: Callable[[], bool]) -> object:
    """Return the next message; None if it is not wanted any more. Raises SynthesisError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_wanted():
        if connection.poll(ATTENTION_SECONDS):
            return connection.recv()
        if time.monotonic() > deadline:
            seconds = round(PATIENCE_SECONDS)
            raise SynthesisError(
                Reason("the voice did not answer for {seconds} s", seconds=seconds)
            )
    return None
