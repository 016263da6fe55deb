"""One utterance being spoken: its words are synthesized and played until an outcome is known."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ttsmirror.models import Utterance
from ttsmirror.reasons import reason_of
from ttsmonitor.audio.base import NO_AUDIENCE
from ttsmonitor.audio.playback import CancelledError, Playback
from ttsmonitor.exceptions import AudioError, SynthesisError
from ttsmonitor.speaking.translation import Translation
from ttsmonitor.speaking.wording import Wording
from ttsmonitor.synthesis.base import Block
from ttsmonitor.synthesis.synthesizer import Synthesizer

logger = logging.getLogger(__name__)

Status = Utterance.Status


@dataclass(frozen=True)
class Outcome:
    """How an utterance ended, and why if it was not simply spoken."""

    status: Status
    reason: str = ""


CUT_SHORT = Outcome(Status.INTERRUPTED)
UNHEARD = Outcome(Status.SKIPPED, NO_AUDIENCE)


class Performance:
    """An utterance on its way through the synthesizer to the output.

    `perform()` belongs to the speaker's thread; `cancel()` may be called from any thread.
    """

    def __init__(self, utterance: Utterance, playback: Playback, synthesizer: Synthesizer) -> None:
        """Prepare to speak `utterance`; nothing sounds before `perform()`."""
        self.utterance = utterance
        self.playback = playback
        self.translation: Translation | None = None
        """The words that replace the written text, if it is to be translated."""
        self._synthesizer = synthesizer
        self._lock = threading.Lock()
        self._cancelled_with: Outcome | None = None

    @property
    def text(self) -> str:
        """Return the text that is said: the written one, or its translation."""
        return (self.translation and self.translation.text) or self.utterance.text

    @property
    def is_audible(self) -> bool:
        """Return True unless the sound device has gone away in the middle."""
        return not self.playback.is_away

    def cancel(self, outcome: Outcome) -> None:
        """End soon with `outcome`. The first call decides."""
        with self._lock:
            self._cancelled_with = self._cancelled_with or outcome
        self.playback.cancel()
        self._synthesizer.cancel(self.playback)

    def perform(self, wordings: Iterable[Wording]) -> Outcome:
        """Speak `wordings` and return the outcome.

        Raises AudioError if the output fails; nothing has been silenced then.
        """
        try:
            for wording in wordings:
                for block in self._synthesizer.speak(wording.request, self.playback):
                    self.playback.play(_with_places(block, wording))
            self.playback.finish()
        except CancelledError:
            self._synthesizer.cancel(self.playback)
            return self.cancelled_with
        except AudioError:
            self._synthesizer.cancel(self.playback)
            raise
        except SynthesisError as exc:
            return Outcome(Status.FAILED, reason_of(exc))
        if self.playback.has_begun and not self.playback.had_audience:
            return UNHEARD
        untranslated = self.translation.reason if self.translation else ""
        remark = self.utterance.failure or untranslated or self._synthesizer.remark
        return Outcome(Status.SPOKEN, remark)

    @property
    def cancelled_with(self) -> Outcome:
        """The outcome that `cancel()` was given, or an interruption without a reason."""
        with self._lock:
            return self._cancelled_with or CUT_SHORT


def _with_places(block: Block, wording: Wording) -> Block:
    """Return the block with the places of its words in the written text."""
    if not block.marks:
        return block
    marks = (replace(each, offset=wording.place_of(each.offset or 0)) for each in block.marks)
    return replace(block, marks=tuple(marks))
