"""Detect a speaker that does not serve its queue."""

from __future__ import annotations

from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.conf import conf
from ttsmonitor.speaking.speaker import Speaker


class QueueWatchdog:
    """Watches the speaker. look() belongs to one thread; the rest answers at once."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._oldest: Utterance | None = None
        self._is_left = False

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
        if self._is_left:
            return Reason("the queue is stuck: sentences wait beyond their time limit")
        return ""

    def look(self) -> None:
        """Compare with the last look."""
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
