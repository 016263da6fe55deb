"""When an utterance's turn came: it was the next one, and the speaker was free."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from django.utils import timezone

from ttsmirror.models import Utterance


@dataclass(frozen=True)
class Turn:
    """The beginning of an utterance's turn."""

    since: float
    """time.monotonic(), in seconds."""
    waiting_seconds: float
    """From its arrival until then."""


class TurnClock:
    """Notes when the speaker could have taken an utterance.

    For the speaker's thread; was_busy() may be called from any.
    """

    def __init__(self) -> None:
        self._free_since = -math.inf
        self._nothing_since = -math.inf

    def was_busy(self) -> None:
        """Note that up to now none could be: another one, a pause, or no sound device."""
        self._free_since = time.monotonic()

    def found_nothing(self) -> None:
        """Note that there is nothing to speak now."""
        self._nothing_since = time.monotonic()

    def take(self, utterance: Utterance) -> Turn:
        """Return the turn of an utterance that is taken up now."""
        now = time.monotonic()
        arrived = now - max(0.0, (timezone.now() - utterance.received_at).total_seconds())
        since = max(arrived, self._free_since)
        if utterance.total_chunks != 1:
            # It arrived with its first chunk, and could not be spoken when nothing was found.
            since = max(since, self._nothing_since)
        return Turn(since, since - arrived)
