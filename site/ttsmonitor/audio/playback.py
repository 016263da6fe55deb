"""Playback of one utterance, which can be held, muted and cut within some milliseconds.

The device buffers a tenth of a second against stalls. To be silent at once, that buffer is
dropped, and the dropped sound is kept here to go on exactly where the ear was. A device that
vanishes in the middle is waited for, and the last sound is played again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ttsmirror.heartbeat import beat
from ttsmonitor.audio.base import SLICE_SECONDS, Output, Pace
from ttsmonitor.audio.levels import apply_gain
from ttsmonitor.audio.timeline import Timeline
from ttsmonitor.exceptions import AudioError
from ttsmonitor.synthesis.base import Block

logger = logging.getLogger(__name__)

KEPT_SECONDS = 1.0
HOLD_SECONDS = 0.02
DEVICE_SECONDS = 0.08
"""Buffer of a device; it ranges from 0.05 on a calm machine to 0.11 on a busy one."""
TAKEN_SECONDS = 0.15
"""Sound that even a silent device accepts."""
AGAIN_SECONDS = 0.5
"""Sound repeated after a device comes back, about a word. The device does not tell how much of its
buffer was heard, and half a word is not understood."""
RETRY_SECONDS = 1.0


class CancelledError(Exception):
    """The utterance is to end now."""


@dataclass
class Controls:
    """Volume, mute and pause, set by any thread."""

    volume: float = 1.0
    is_muted: bool = False
    resumed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.resumed.set()

    @property
    def is_paused(self) -> bool:
        """True while paused."""
        return not self.resumed.is_set()

    @property
    def gain(self) -> float:
        """The factor for the samples: the volume, or 0 when muted."""
        return 0.0 if self.is_muted else self.volume


class Playback:
    """Plays the blocks of one utterance. Only cancel() may be called from other threads."""

    def __init__(
        self,
        output: Output,
        controls: Controls,
        utterance_id: str,
        on_begin: Callable[[], None],
        *,
        on_away: Callable[[bool], None] = lambda is_away: None,
        patience_seconds: float = 0.0,
    ) -> None:
        """Play to `output` under `controls`; call `on_begin` at the first sound.

        `on_away` is told when the device vanishes in the middle, and when it is back. It is waited
        for `patience_seconds`, and as long as a pause lasts.
        """
        self._output = output
        self._controls = controls
        self._utterance_id = utterance_id
        self._on_begin = on_begin
        self._on_away, self._patience_seconds = on_away, patience_seconds
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
        self.had_audience = False
        """Somebody could hear some of it."""
        self.has_begun = False
        """Something was written to the output."""
        self.is_away = False
        """The device is waited for, in the middle of the utterance."""
        self._was_away = False

    @property
    def seconds(self) -> float:
        """Length of what has been written to the output and not taken back."""
        return self._written / 2 / self._rate if self._rate else 0.0

    @property
    def heard_seconds(self) -> float:
        """Estimate of what has been heard: a device buffers a little of what was written."""
        kept_seconds = DEVICE_SECONDS if self._output.pace == Pace.DEVICE else 0.0
        return max(0.0, self.seconds - kept_seconds)

    @property
    def was_heard(self) -> bool:
        """True where more was written, now or before, than a silent device accepts."""
        return self._was_away or self.seconds > TAKEN_SECONDS

    @property
    def is_cancelled(self) -> bool:
        """True from cancel() on."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Make play() or finish() raise CancelledError soon."""
        self._cancelled.set()

    def play(self, block: Block) -> None:
        """Play a block; return when the device has it. Raises CancelledError, AudioError."""
        self.timeline.add(self._handed_seconds, block)
        self._handed_seconds += block.seconds
        step = 2 * max(1, round(block.sample_rate * SLICE_SECONDS))
        self._waiting.extend(
            block.pcm[start : start + step] for start in range(0, len(block.pcm), step)
        )
        if not self._rate:
            self._rate = block.sample_rate
            self._output.begin(self._utterance_id, self._rate)
        self._outlast_device(self._play_waiting)

    def finish(self) -> None:
        """Return when all of it has been heard. Raises CancelledError, AudioError."""
        self._outlast_device(self._play_out)
        self._output.end()

    def abandon(self) -> None:
        """Silence the output and end the utterance."""
        try:
            self._take_back()
        finally:
            self._output.end()

    def silence(self) -> None:
        """Abandon whatever state the output is in; log what goes wrong."""
        try:
            self.abandon()
        except AudioError:
            logger.debug("the output was gone already")
        except Exception:
            logger.exception("the output could not be silenced")

    def _outlast_device(self, act: Callable[[], None]) -> None:
        """Run `act`, and again where the device vanished meanwhile and came back."""
        while True:
            try:
                act()
                return
            except AudioError as exc:
                is_device = self._output.pace == Pace.DEVICE
                if not (is_device and self.was_heard and self._patience_seconds):
                    raise
                self._wait_for_device(exc)

    def _wait_for_device(self, gone: AudioError) -> None:
        """Wait until it plays again. Raises CancelledError, or `gone` at the end of patience."""
        logger.warning("utterance %s waits for the sound device", self._utterance_id)
        self.silence()  # for those who heard along
        self._write_again(AGAIN_SECONDS)
        self._gain = 0.0  # what begins in the middle would be a click
        self.is_away = self._was_away = True
        self._on_away(True)
        until = time.monotonic() + self._patience_seconds
        while not self._is_back():
            if self._controls.is_paused:
                until = time.monotonic() + self._patience_seconds
            elif time.monotonic() > until:
                raise gone
        self.is_away = False
        self._on_away(False)

    def _is_back(self) -> bool:
        """Wait a moment, then return True where the device is there. Raises CancelledError."""
        beat()
        if self._cancelled.wait(RETRY_SECONDS):
            raise CancelledError
        try:
            self._output.open()
            self._output.begin(self._utterance_id, self._rate)
        except AudioError:
            return False
        return True

    def _play_out(self) -> None:
        self._play_waiting()
        while self._rate:
            self._output.drain(self._wants_attention)
            if not self._wants_attention():
                break
            self._attend()
            self._play_waiting()

    def _play_waiting(self) -> None:
        self._attend()
        while self._waiting:
            if self._output.wait_for_room(self._wants_attention):
                self._write(self._waiting.popleft())
            self._attend()

    def _write(self, pcm: bytes) -> None:
        # A step down to nothing is not for a slice that is heard later, but for _attend().
        gain = self._controls.gain or self._gain
        self._remember(pcm)  # first: a device that goes away meanwhile is given it again
        self._output.write(apply_gain(pcm, self._gain, gain))
        self._gain = gain
        self.had_audience = self.had_audience or self._output.has_audience
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
        beat()  # outputs ask again and again while they wait
        return self.is_cancelled or self._controls.is_paused or self._is_newly_mute

    @property
    def _is_newly_mute(self) -> bool:
        return self._controls.gain == 0.0 != self._gain

    def _attend(self) -> None:
        """Act on cancel, pause and mute now, not when the buffer has been heard."""
        if self.is_cancelled:
            raise CancelledError
        if not self._wants_attention():
            return
        self._take_back()
        while self._controls.is_paused and not self.is_cancelled:
            beat()
            self._controls.resumed.wait(HOLD_SECONDS)
        if self.is_cancelled:
            raise CancelledError
        if self._is_newly_mute:
            self._gain = 0.0

    def _take_back(self) -> None:
        """Drop what is not heard yet and queue it again."""
        if unheard := self._write_again(self._output.flush()):
            self._output.rewind(unheard)

    def _write_again(self, seconds: float) -> float:
        """Queue the last `seconds` of what was written again; return their real length."""
        left = unheard = min(2 * round(seconds * self._rate), self._recent_bytes)
        while left > 0:
            pcm = self._recent.pop()
            if len(pcm) > left:
                self._recent.append(pcm[:-left])
                pcm = pcm[-left:]
            self._waiting.appendleft(pcm)
            left -= len(pcm)
        self._recent_bytes -= unheard
        self._written -= unheard
        return unheard / 2 / self._rate if unheard else 0.0
