"""Keep the age of waiting utterances when the computer's clock is changed.

A computer without a battery-backed clock starts in the past and jumps to the present once it has
a network.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.db.models import F, Max
from django.utils import timezone

from ttsmirror.models import Utterance

logger = logging.getLogger(__name__)

SET_SECONDS = 2.0
"""Smallest change of the clock that is corrected, in seconds."""
# A clock that advances while the computer sleeps: waiting utterances age meanwhile.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class WallClock:
    """Detects that the clock was set. follow() is thread-safe and cheap."""

    def __init__(self, on_set: Callable[[timedelta], None]) -> None:
        """Call `on_set` with the change of the clock."""
        self._on_set = on_set
        self._lock = threading.Lock()
        self.begin()

    def begin(self) -> None:
        """Take the clock as it is."""
        self._offset = _offset()

    def follow(self) -> None:
        """Report a change of the clock since the last call; again if `on_set` raises."""
        with self._lock:
            moved = _offset() - self._offset
            if abs(moved) >= SET_SECONDS:
                self._on_set(timedelta(seconds=moved))
            self._offset += moved


def _offset() -> float:
    return timezone.now().timestamp() - time.clock_gettime(_STEADY)


def follow_clock() -> None:
    """Shift waiting utterances with the clock, so that they keep their age."""
    _clock.follow()


def begin_with_clock() -> None:
    """Correct waiting utterances at a start: the clock may have been set back meanwhile."""
    _clock.begin()
    latest = Utterance.objects.unspoken().aggregate(latest=Max("received_at"))["latest"]
    if latest is not None and (ahead := latest - timezone.now()) > timedelta():
        _clock_was_set(-ahead)


def _clock_was_set(by: timedelta) -> None:
    logger.warning("clock changed by %d s; queue times adjusted", round(by.total_seconds()))
    Utterance.objects.unspoken().update(
        received_at=F("received_at") + by,
        published_at=F("published_at") + by,
        turn=F("turn") + by,
    )


_clock = WallClock(_clock_was_set)
