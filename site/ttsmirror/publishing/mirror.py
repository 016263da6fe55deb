"""The entry point of the mirror: hand text over and go on.

Nothing in this module blocks, touches the network or raises into its caller. A missing broker
means speech without a mirror, never no speech.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import inspect
import logging
import os
import random
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from ttsmirror.publishing.confirmations import MirrorState
from ttsmirror.publishing.deduplication import RobotReport
from ttsmirror.publishing.outgoing import within_limit
from ttsmirror.publishing.publisher import Listener, Publisher
from ttsmirror.publishing.queue_items import Handed
from ttsmirror.text import clean, split_chunks
from ttsmirror.wire.control import Control
from ttsmirror.wire.fields import UTC
from ttsmirror.wire.messages import Chunk
from ttsmirror.wire.options import OPTION_NAMES

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_sender = ""
_MIRRORED_ARGUMENTS = ("device_id", *OPTION_NAMES)


@contextmanager
def _failures_logged() -> Iterator[None]:
    """Log what fails in the block: it may not reach whoever makes the robot speak."""
    try:
        yield
    except Exception:
        logger.exception("mirroring an utterance failed")


class TTSMirrorPublisher:
    """Mirrors speech to the speech service. One per process: see get_tts_mirror()."""

    def __init__(self, host: str = "", port: int = 0, topic: str = "", *, sender: str = "") -> None:
        """Prepare the mirror without connecting. Empty values come from the settings.

        `sender` tells components apart that share an outbox; the hive's is empty.
        """
        self._arguments: dict[str, Any] = {
            "host": host,
            "port": port,
            "topic": topic,
            "sender": sender,
        }
        self._listeners: list[Listener] = []
        self._renew()
        # A fork copies the object, but not its threads: the child starts its own.
        if hasattr(os, "register_at_fork"):  # Windows has no fork
            os.register_at_fork(
                before=self._hold, after_in_parent=self._release, after_in_child=self._renew
            )

    def _renew(self) -> None:
        self._publisher = Publisher(**self._arguments)
        for listener in self._listeners:
            self._publisher.add_listener(listener)
        self._begun: dict[uuid.UUID, Chunk] = {}
        self._is_started = self._is_held = False
        self._starting = threading.Lock()

    def _hold(self) -> None:
        self._is_held = self._publisher.hold()

    def _release(self) -> None:
        if self._is_held:
            self._is_held = False
            self._publisher.release()

    @property
    def state(self) -> MirrorState:
        """A snapshot of the publisher's progress."""
        return self._publisher.state

    @property
    def fault(self) -> str:
        """Why a thread of the publisher does not do its work; empty if all do."""
        return self._publisher.fault

    def start(self) -> None:
        """Connect in the background; the first publish_text() does it otherwise."""
        if self._is_started or not self._starting.acquire(blocking=False):
            return
        try:
            if not self._is_started:
                if sys.is_finalizing():  # before Python 3.12, start() would wait without end
                    raise RuntimeError("Python shuts down")
                self._publisher.start()
                self._is_started = True
                atexit.register(self._stop_at_exit)
        except RuntimeError as exc:  # the interpreter is shutting down
            logger.warning("it is too late to mirror anything: %s", exc)
        finally:
            self._starting.release()

    def _stop_at_exit(self) -> None:
        with contextlib.suppress(KeyboardInterrupt):  # the outbox keeps what is not confirmed
            self.stop()

    def stop(self, timeout_seconds: float = 3.0) -> None:
        """Publish queued utterances until the time limit; the rest stays in the outbox."""
        if self._is_started:
            self._publisher.stop(timeout_seconds)

    def publish_text(
        self,
        text: str,
        *,
        source: str,
        device_id: str | None = None,
        utterance_id: uuid.UUID | None = None,
        event_id: str = "",
        **options: Any,
    ) -> uuid.UUID:
        """Hand `text` over to be spoken and return its id at once, whatever the broker does.

        `options` are the fields of SpeechOptions. What a robot was sent (`device_id`, any source
        but `system`) is not mirrored again when robot_said() reports it. `event_id` is the request
        that it answers.
        """
        if not isinstance(utterance_id, uuid.UUID):
            utterance_id = _new_id()
        with _failures_logged():
            if self.end_parts(utterance_id):  # these words are mirrored already
                return utterance_id
            utterance = make_utterance(
                text,
                source=source,
                device_id=device_id,
                utterance_id=utterance_id,
                event_id=event_id,
                **options,
            )
            if utterance is not None:
                self.start()
                self._publisher.publish(utterance)
        return utterance_id

    def publish_part(
        self,
        text: str,
        *,
        utterance_id: uuid.UUID,
        source: str,
        device_id: str | None = None,
        lang: str = "",
        is_last: bool = False,
    ) -> None:
        """Hand over the next part of an answer that is still being made; it is spoken at once.

        end_parts() ends the answer, and so do drop_parts() and publish_text() with the same id.
        """
        with _failures_logged():
            self.start()
            begun = self._begun.get(utterance_id) or Chunk(
                utterance_id=utterance_id,
                text="",
                source=source,
                published_at=datetime.now(UTC),
                device_id=device_id or "",
                lang=lang,
            )
            words = within_limit(text, len(begun.text))
            if words or is_last or not text:  # else the rest of a text that is over the limit
                self._grow(begun, clean(words) or " ", is_open=not is_last)

    def end_parts(self, utterance_id: uuid.UUID) -> bool:
        """End a streamed answer. Return False where no part of it was handed over."""
        begun = self._begun.pop(utterance_id, None)
        if begun is not None:
            self._end(begun)
        return begun is not None

    def drop_parts(self, utterance_id: uuid.UUID) -> None:
        """End a streamed answer; parts that nobody has heard yet are not spoken."""
        with _failures_logged():
            if begun := self._begun.pop(utterance_id, None):
                self._end(replace(begun, ttl=0))

    def _grow(self, begun: Chunk, words: str, *, is_open: bool) -> None:
        grown = replace(
            begun,
            text=begun.text + words,
            chunk=len(begun.parts) + 1,
            parts=(*begun.parts, *split_chunks(words)),
            is_open=is_open,
        )
        self._begun[begun.utterance_id] = grown
        self._publisher.publish(grown)

    def _end(self, begun: Chunk) -> None:
        if begun.is_open:
            self._grow(begun, " ", is_open=False)
            del self._begun[begun.utterance_id]

    def hand_over(self, make: Callable[[], Handed]) -> None:
        """Call `make` on the publisher's thread and publish what it returns.

        For callers that have no time even to look at what was said.
        """
        self.start()
        self._publisher.hand_over(make)

    def robot_said(
        self,
        device_id: str,
        words: str,
        *,
        event_id: str = "",
        is_ours: bool = False,
        seconds_ago: float = 0.0,
    ) -> None:
        """Mirror a robot's report of its speech, unless the speech was mirrored when it was sent.

        With `is_ours` it is content that the robot has from here, which is never mirrored again.
        `seconds_ago` is how long ago it may have been said.
        """
        with _failures_logged():
            self.start()
            words = within_limit(words)
            self._publisher.robot_said(
                RobotReport(device_id, clean(words), clean(event_id), is_ours, seconds_ago)
            )

    def publish_control(self, control: Control) -> None:
        """Hand over a control (interrupt, skip, …) and return at once."""
        with _failures_logged():
            self.start()
            self._publisher.publish_control(control)

    def add_listener(self, listener: Listener) -> None:
        """Call `listener` with what becomes of utterances, from now on."""
        self._listeners.append(listener)
        self._publisher.add_listener(listener)


def make_utterance(
    text: str,
    *,
    source: str,
    device_id: str | None = None,
    utterance_id: uuid.UUID | None = None,
    event_id: str = "",
    **options: Any,
) -> Chunk | None:
    """Return `text` as an utterance; None if there is nothing to say."""
    words = clean(within_limit(str(text)))
    if not words.strip():
        return None
    return Chunk(
        utterance_id=utterance_id or _new_id(),
        text=words,
        source=source,
        published_at=datetime.now(UTC),
        device_id=device_id or "",
        event_id=clean(event_id),
        **{name: options[name] for name in OPTION_NAMES if name in options},
    )


def _new_id() -> uuid.UUID:
    # uuid4() reads random bytes from the system and releases the GIL meanwhile; getting it back can
    # take milliseconds. An id is no secret, and `random` is reseeded by a fork.
    return uuid.UUID(int=random.getrandbits(128), version=4)


def speak_as(sender: str) -> None:
    """Name the component that this process is, before its first get_tts_mirror()."""
    global _sender
    _sender = sender


@functools.cache
def get_tts_mirror() -> TTSMirrorPublisher:
    """Return the mirror of this process."""
    return TTSMirrorPublisher(sender=_sender)


def mirror_speech(*, source: str, text: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorate a function that makes the robot speak: its argument `text` has the words.

    The device and the speech options are taken from arguments of those names. The function is
    called with its own arguments, and its result and exceptions stay its own.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            _mirror_call(signature, source, text, args, kwargs)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def intercept_all_tts(text: str, *, source: str = "system", device_id: str | None = None) -> None:
    """Mirror any other speech: system messages, and the robot's on-board content."""
    get_tts_mirror().publish_text(text, source=source, device_id=device_id)


def _mirror_call(
    signature: inspect.Signature, source: str, text: str, args: Any, kwargs: Any
) -> None:
    with _failures_logged():
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        options = {name: given[name] for name in _MIRRORED_ARGUMENTS if given.get(name) is not None}
        if words := given[text]:
            get_tts_mirror().publish_text(
                words, source=source, utterance_id=given.get("utterance_id"), **options
            )
