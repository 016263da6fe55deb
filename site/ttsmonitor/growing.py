"""What is spoken while it is still being made: an utterance whose last chunk has not come."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from ttsmonitor.inbox import beginning, is_open
from ttsmonitor.models import Utterance
from ttsmonitor.text import speakable

logger = logging.getLogger(__name__)

WAIT_SECONDS = 15.0
"""How long the rest may keep silent: a language model on a small computer is slow."""
GAVE_UP = "the rest of it did not come"


def words_of(utterance: Utterance, wait: Callable[[], None]) -> Iterator[str]:
    """The words to say: all at once, or, of one that grows, what has come each time.

    `wait` returns when there may be more. What does not come within WAIT_SECONDS is not waited
    for; that is then the utterance's error.
    """
    if not is_open(utterance):
        yield speakable(utterance.text)
        return
    said, heard = 0, time.monotonic()
    while True:
        utterance.text, is_complete = beginning(utterance)
        if len(utterance.text) > said:
            words = speakable(utterance.text[said:])
            said = len(utterance.text)
            if words:
                yield words
            heard = time.monotonic()
            continue
        if is_complete:
            return
        if time.monotonic() - heard > WAIT_SECONDS:
            utterance.error = GAVE_UP
            logger.warning("utterance %s: %s", utterance.pk, GAVE_UP)
            return
        wait()
