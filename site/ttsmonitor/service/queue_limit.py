"""Bound the queue: expire old utterances, and skip those beyond TTS_QUEUE_LIMIT."""

from __future__ import annotations

from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.audio.base import Output
from ttsmonitor.conf import conf
from ttsmonitor.speaking.recorder import BACKLOG, Recorder
from ttsmonitor.speaking.speaker import TOO_OLD

Status = Utterance.Status

BATCH = 1_000
"""Utterances skipped at a time."""
TOO_MANY = Reason("too many were waiting (TTS_QUEUE_LIMIT)")


class QueueLimit:
    """Drops waiting utterances and records why."""

    def __init__(self, output: Output, recorder: Recorder) -> None:
        """Watch `output` for a missing sound device."""
        self._output = output
        self._recorder = recorder

    def expire_unheard(self) -> None:
        """Expire stale utterances while the sound device is missing and the speaker takes none."""
        if self._output.error:
            stale = Utterance.objects.stale(conf.TTS_TTL)
            self._recorder.tell_all(stale.drop(Status.EXPIRED, TOO_OLD), Status.EXPIRED)

    def enforce(self, waiting: int) -> None:
        """Skip utterances beyond the limit of the `waiting` ones.

        During a burst only a large excess is skipped: storing what arrives comes first.
        """
        excess = waiting - conf.TTS_QUEUE_LIMIT
        if excess > (BACKLOG if self._recorder.is_busy else 0):
            least = Utterance.objects.first_to_go(min(excess, BATCH), conf.TTS_TTL)
            self._recorder.tell_all(least.drop(Status.SKIPPED, TOO_MANY), Status.SKIPPED)
