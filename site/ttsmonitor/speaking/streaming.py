"""What is spoken while it is still being made: an utterance whose last chunk has not come."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.text import speakable

logger = logging.getLogger(__name__)

WAIT_SECONDS = 15.0
"""How long the rest may keep silent: a language model on a small computer is slow."""
ORPHAN_SECONDS = 2.0
"""How long it may keep silent after whoever made it has gone: what left before is there by then."""
MAKER = "hive"
"""The component whose utterances grow."""
GAVE_UP = "the rest of it did not come"


class Patience:
    """How long the rest of an utterance is waited for. Thread-safe."""

    def __init__(self) -> None:
        self._gone: tuple[datetime, float] | None = None

    def maker_has_gone(self) -> None:
        """Nobody makes more of what has begun so far."""
        self._gone = timezone.now(), time.monotonic()

    def is_over(self, utterance: Utterance, heard: float) -> bool:
        """Is it enough, where time.monotonic() was `heard` when something came last?"""
        now, gone = time.monotonic(), self._gone
        if gone is not None and utterance.received_at <= gone[0]:
            return now - max(heard, gone[1]) > ORPHAN_SECONDS
        return now - heard > WAIT_SECONDS


def words_of(utterance: Utterance, wait: Callable[[], None], patience: Patience) -> Iterator[str]:
    """The words to say: all at once, or, of one that grows, what has come each time.

    `wait` returns when there may be more. What does not come while there is patience is not
    waited for; that is then the utterance's error.
    """
    if not utterance.is_streaming:
        yield speakable(utterance.text)
        return
    said, heard = 0, time.monotonic()
    while True:
        utterance.text, is_complete = utterance.beginning()
        if len(utterance.text) > said:
            words = speakable(utterance.text[said:])
            said = len(utterance.text)
            if words:
                yield words
            heard = time.monotonic()
            continue
        if is_complete:
            return
        if patience.is_over(utterance, heard):
            utterance.error = GAVE_UP
            logger.warning("utterance %s: %s", utterance.pk, GAVE_UP)
            return
        wait()
