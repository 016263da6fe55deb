"""An utterance on its way to the output: it can be held, muted and cut within some milliseconds.

The device keeps a tenth of a second, against stalls. So whoever wants silence now has that
dropped, and what was dropped is kept here, to go on exactly where the ear was.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ttsmonitor.audio.base import SLICE_SECONDS, Output, Pace
from ttsmonitor.audio.levels import apply_gain
from ttsmonitor.audio.timeline import Timeline
from ttsmonitor.exceptions import AudioError
from ttsmonitor.synthesis.base import Block

logger = logging.getLogger(__name__)

KEPT_SECONDS = 1.0
HOLD_SECONDS = 0.02
DEVICE_SECONDS = 0.08
"""What a device keeps, from when it is calm to when it is busy: 0.05 to 0.11."""


class CancelledError(Exception):
    """The utterance is to end now."""


@dataclass
class Controls:
    """What somebody wants of the sound, now; set by any thread."""

    volume: float = 1.0
    is_muted: bool = False
    resumed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.resumed.set()

    @property
    def is_paused(self) -> bool:
        return not self.resumed.is_set()

    @property
    def gain(self) -> float:
        return 0.0 if self.is_muted else self.volume


class Playback:
    """Plays the blocks of one utterance. cancel() may be called from any thread."""

    def __init__(
        self, output: Output, controls: Controls, utterance_id: str, on_begin: Callable[[], None]
    ) -> None:
        self._output = output
        self._controls = controls
        self._utterance_id = utterance_id
        self._on_begin = on_begin
        self._cancelled = threading.Event()
        self._rate = 0
        self._gain = controls.gain
        self._waiting: deque[bytes] = deque()
        self._recent: deque[bytes] = deque()
        self._recent_bytes = 0
        self._written = 0
        self._handed_seconds = 0.0  # what play() was given before
        self.timeline = Timeline()
        """When what of it is heard."""
        self.has_begun = False
        """Something was written to the output."""

    @property
    def seconds(self) -> float:
        """How much has been written to the output and not taken back."""
        return self._written / 2 / self._rate if self._rate else 0.0

    @property
    def heard_seconds(self) -> float:
        """About how much has been heard: a device keeps a little of what was written."""
        kept_seconds = DEVICE_SECONDS if self._output.pace == Pace.DEVICE else 0.0
        return max(0.0, self.seconds - kept_seconds)

    @property
    def is_cancelled(self) -> bool:
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Have play() or finish() end with CancelledError, soon."""
        self._cancelled.set()

    def play(self, block: Block) -> None:
        """Play a block; returns when the device has it. Raises CancelledError, AudioError."""
        self.timeline.add(self._handed_seconds, block)
        self._handed_seconds += block.seconds
        step = 2 * max(1, round(block.sample_rate * SLICE_SECONDS))
        self._waiting.extend(
            block.pcm[start : start + step] for start in range(0, len(block.pcm), step)
        )
        if not self._rate:
            self._rate = block.sample_rate
            self._output.begin(self._utterance_id, self._rate)
        self._play_waiting()

    def finish(self) -> None:
        """Return when all of it has been heard. Raises CancelledError, AudioError."""
        self._play_waiting()
        while self._rate:
            self._output.drain(self._wants_attention)
            if not self._wants_attention():
                break
            self._attend()
            self._play_waiting()
        self._output.end()

    def abandon(self) -> None:
        """Silence, now."""
        try:
            self._take_back()
        finally:
            self._output.end()

    def silence(self) -> None:
        """abandon(), whatever state the output is in."""
        try:
            self.abandon()
        except AudioError:
            logger.debug("the output was gone already")
        except Exception:
            logger.exception("the output could not be silenced")

    def _play_waiting(self) -> None:
        self._attend()
        while self._waiting:
            if self._output.wait_for_room(self._wants_attention):
                self._write(self._waiting.popleft())
            self._attend()

    def _write(self, pcm: bytes) -> None:
        # A step down to nothing is not for a slice that is heard later, but for _attend().
        gain = self._controls.gain or self._gain
        self._output.write(apply_gain(pcm, self._gain, gain))
        self._gain = gain
        self._remember(pcm)
        if not self.has_begun:
            self.has_begun = True
            self._on_begin()

    def _remember(self, pcm: bytes) -> None:
        self._written += len(pcm)
        self._recent.append(pcm)
        self._recent_bytes += len(pcm)
        while self._recent_bytes > KEPT_SECONDS * self._rate * 2:
            self._recent_bytes -= len(self._recent.popleft())

    def _wants_attention(self) -> bool:
        return self.is_cancelled or self._controls.is_paused or self._is_newly_mute

    @property
    def _is_newly_mute(self) -> bool:
        return self._controls.gain == 0.0 != self._gain

    def _attend(self) -> None:
        """Do what is wanted of the sound now, not when what was written has been heard."""
        if self.is_cancelled:
            raise CancelledError
        if not self._wants_attention():
            return
        self._take_back()
        while self._controls.is_paused and not self.is_cancelled:
            self._controls.resumed.wait(HOLD_SECONDS)
        if self.is_cancelled:
            raise CancelledError
        if self._is_newly_mute:
            self._gain = 0.0

    def _take_back(self) -> None:
        """Drop what is not heard yet, to write it again."""
        unheard = min(2 * round(self._output.flush() * self._rate), self._recent_bytes)
        left = unheard
        while left > 0:
            pcm = self._recent.pop()
            if len(pcm) > left:
                self._recent.append(pcm[:-left])
                pcm = pcm[-left:]
            self._waiting.appendleft(pcm)
            left -= len(pcm)
        self._recent_bytes -= unheard
        self._written -= unheard
        if unheard:
            self._output.rewind(unheard / 2 / self._rate)
