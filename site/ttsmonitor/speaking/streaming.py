"""Speak an utterance whose text is still growing: its last chunk has not arrived."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.speaking.pieces import Piece, Pieces

logger = logging.getLogger(__name__)

WAIT_SECONDS = 15.0
"""Time limit for the next chunk, in seconds: a language model on a small computer is slow."""
ORPHAN_SECONDS = 2.0
"""Time limit once the hive is offline, in seconds: its last messages have arrived by then."""
STREAMING_COMPONENT = "hive"
"""The component that streams utterances."""
GAVE_UP = Reason("the rest of the text did not arrive")


class Patience:
    """Decides how long to wait for the rest of an utterance. Thread-safe."""

    def __init__(self) -> None:
        """Assume that the hive is online."""
        self._gone: tuple[datetime, float] | None = None

    def note_hive_offline(self) -> None:
        """Note that the utterances received so far will not grow any more."""
        self._gone = timezone.now(), time.monotonic()

    def is_over(self, utterance: Utterance, last_news: float) -> bool:
        """Return True if waiting is pointless; `last_news` is a time of time.monotonic()."""
        now, gone = time.monotonic(), self._gone
        if gone is not None and utterance.received_at <= gone[0]:
            return now - max(last_news, gone[1]) > ORPHAN_SECONDS
        return now - last_news > WAIT_SECONDS


def pieces_as_they_come(
    utterance: Utterance, wait: Callable[[], None], patience: Patience
) -> Iterator[Piece]:
    """Yield the pieces of a streaming utterance as it grows.

    `wait` returns when there may be more. If `patience` ends first, the utterance's `error` is set.
    """
    pieces, length, last_news = Pieces(), 0, time.monotonic()
    while True:
        utterance.text, is_complete = utterance.beginning()
        if is_complete or len(utterance.text) > length:
            length, last_news = len(utterance.text), time.monotonic()
            yield from pieces.take(utterance.text, is_complete=is_complete)
        if is_complete:
            return
        if patience.is_over(utterance, last_news):
            yield from pieces.take(utterance.text, is_complete=True)
            utterance.failure = GAVE_UP
            logger.warning("utterance %s: %s", utterance.pk, GAVE_UP)
            return
        wait()
