"""Detect a speaker that does not serve its queue. A hung thread cannot report itself."""

from __future__ import annotations

import time

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.conf import conf
from ttsmonitor.speaking.speaker import Speaker

STUCK_SECONDS = 60.0
"""More than a sound device that is there, or a voice, takes in the middle of a sentence."""


class QueueWatchdog:
    """Watches the speaker. look() belongs to one thread; the rest answers at once."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._oldest: Utterance | None = None
        self._is_left = False
        self._progress: object = None
        self._moved = time.monotonic()
        self.is_stuck = False
        """A call to the sound device does not return."""

    @property
    def oldest_seconds(self) -> float | None:
        """Age of the oldest waiting utterance; None where none waits."""
        oldest = self._oldest
        if oldest is None:
            return None
        return max(0.0, round((timezone.now() - oldest.received_at).total_seconds(), 1))

    @property
    def error(self) -> str:
        """Why the queue is not served; empty when it is."""
        if self.is_stuck:
            return Reason("the sound device has accepted no sound for a minute")
        if self._is_left:
            return Reason("the queue is stuck: sentences wait beyond their time limit")
        return ""

    def look(self) -> None:
        """Compare with the last look."""
        performance, is_playing = self._speaker.performance, self._speaker.state == "playing"
        progress = performance and (performance.utterance.pk, performance.playback.seconds)
        if progress != self._progress or not is_playing:
            self._progress, self._moved = progress, time.monotonic()
        self.is_stuck = time.monotonic() - self._moved > STUCK_SECONDS
        before, self._oldest = self._oldest, _oldest()
        # Require the same utterance twice: expiring many utterances takes a while.
        self._is_left = (
            self._speaker.state == "idle"
            and self._oldest is not None
            and self._oldest == before
            and self._oldest.is_stale(conf.TTS_TTL)
        )


def _oldest() -> Utterance | None:
    return Utterance.objects.waiting().order_by("received_at").first()
