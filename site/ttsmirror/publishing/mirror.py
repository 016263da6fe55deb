"""The entry point of the mirror: hand text over and go on.

Nothing in this module blocks, touches the network or raises into its caller. A missing broker
means speech without a mirror, never no speech.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import logging
import os
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from ttsmirror.publishing.confirmations import MirrorState
from ttsmirror.publishing.deduplication import RobotReport
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

_MIRRORED_ARGUMENTS = ("device_id", *OPTION_NAMES)


class TTSMirrorPublisher:
    """Mirrors speech to the speech service. One per process: see get_tts_mirror()."""

    def __init__(self, host: str = "", port: int = 0, topic: str = "") -> None:
        """Prepare the mirror without connecting. Empty values come from the settings."""
        self._arguments: dict[str, Any] = {"host": host, "port": port, "topic": topic}
        self._listeners: list[Listener] = []
        self._renew()
        # A fork takes the object along, but not its threads: the child starts its own.
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
                self._publisher.start()
                self._is_started = True
                atexit.register(self.stop)
        finally:
            self._starting.release()

    def stop(self, timeout_seconds: float = 3.0) -> None:
        """Publish what was handed over, for at most so long; the rest stays in the outbox."""
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
        try:
            if (begun := self._begun.pop(utterance_id, None)) is not None:
                self._end(begun)  # these words are mirrored already, part by part
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
        except Exception:
            logger.exception("could not mirror what was said")
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

        publish_text() with the same id ends the answer without repeating it; so does drop_parts().
        """
        try:
            self.start()
            begun = self._begun.get(utterance_id) or Chunk(
                utterance_id=utterance_id,
                text="",
                source=source,
                published_at=datetime.now(UTC),
                device_id=device_id or "",
                lang=lang,
            )
            self._grow(begun, clean(text), is_open=not is_last)
        except Exception:
            logger.exception("could not mirror a part of what was said")

    def drop_parts(self, utterance_id: uuid.UUID) -> None:
        """End a streamed answer; parts that nobody has heard yet are not spoken."""
        try:
            if begun := self._begun.pop(utterance_id, None):
                self._end(replace(begun, ttl=0))
        except Exception:
            logger.exception("could not end what was said")

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
        self, device_id: str, words: str, *, event_id: str = "", is_ours: bool = False
    ) -> None:
        """Mirror what a robot reports to have said, unless it was mirrored when it was sent.

        With `is_ours` it is content that the robot has from here, which is never mirrored again.
        """
        try:
            self.start()
            self._publisher.robot_said(RobotReport(device_id, clean(words), event_id, is_ours))
        except Exception:
            logger.exception("could not mirror what the robot said")

    def publish_control(self, control: Control) -> None:
        """Hand over a control (interrupt, skip, …) and return at once."""
        try:
            self.start()
            self._publisher.publish_control(control)
        except Exception:
            logger.exception("could not send %s", control.action)

    def add_listener(self, listener: Listener) -> None:
        """Call `listener` with the messages of moxie/tts/status.

        Also with `{"event": "sent", "id", "device_id"}` when an utterance left for the broker, and
        with `{"robot": "said", "id"}` when its robot confirmed it (`unconfirmed`: it did not).
        """
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
    """Return `text` as an utterance; None where there is nothing to say."""
    words = clean(str(text))
    if not words.strip():
        return None
    return Chunk(
        utterance_id=utterance_id or _new_id(),
        text=words,
        source=source,
        published_at=datetime.now(UTC),
        device_id=device_id or "",
        event_id=event_id,
        **{name: options[name] for name in OPTION_NAMES if name in options},
    )


def _new_id() -> uuid.UUID:
    # Not uuid4(): that asks the system for random bytes and lets go of the GIL meanwhile, which
    # can take milliseconds to come back. An id is no secret, and `random` is reseeded by a fork.
    return uuid.UUID(int=random.getrandbits(128), version=4)


@functools.cache
def get_tts_mirror() -> TTSMirrorPublisher:
    """Return the mirror of this process."""
    return TTSMirrorPublisher()


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
    try:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        options = {name: given[name] for name in _MIRRORED_ARGUMENTS if given.get(name) is not None}
        if words := given[text]:
            get_tts_mirror().publish_text(
                words, source=source, utterance_id=given.get("utterance_id"), **options
            )
    except Exception:
        logger.exception("could not mirror what was said")
