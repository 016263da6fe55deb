"""Playback of one utterance, which can be held, muted and cut within some milliseconds.

The device buffers up to a fifth of a second against stalls. To be silent at once, that buffer is
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
TAKEN_SECONDS = 0.25
"""Length of sound that even a device without output accepts, in seconds."""
AGAIN_SECONDS = 0.5
"""Length of sound repeated after a device comes back, in seconds: about a word. The device does not
report how much of its buffer was heard, and half a word is not understood."""
RETRY_SECONDS = 1.0


class CancelledError(Exception):
    """The utterance was cancelled."""


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

        `on_away` is called when the device vanishes in the middle, and when it is back. Playback
        waits for it for `patience_seconds`, and as long as a pause lasts.
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
        self._handed_seconds = 0.0  # length of the blocks given to play() so far
        self.timeline = Timeline()
        """Word times and levels of the utterance."""
        self.had_audience = False
        """Somebody could hear some of it."""
        self.has_begun = False
        """Sound was written to the output."""
        self.is_away = False
        """True while playback waits for a vanished device."""
        self._was_away = False

    @property
    def seconds(self) -> float:
        """Length of the sound that was written to the output and not taken back, in seconds."""
        return self._written / 2 / self._rate if self._rate else 0.0

    @property
    def heard_seconds(self) -> float:
        """Estimated length of the sound that was heard, in seconds."""
        return max(0.0, self.seconds - self._output.buffered_seconds)

    @property
    def was_heard(self) -> bool:
        """True if more was written, now or before, than a device without output accepts."""
        return self._was_away or self.seconds > TAKEN_SECONDS

    @property
    def is_cancelled(self) -> bool:
        """True from cancel() on."""
        return self._cancelled.is_set()

    def check_cancelled(self) -> None:
        """Raise CancelledError if cancel() was called."""
        if self.is_cancelled:
            raise CancelledError

    def cancel(self) -> None:
        """Make play() or finish() raise CancelledError soon."""
        self._cancelled.set()

    def play(self, block: Block) -> None:
        """Play a block; return once the device has taken it. Raises CancelledError, AudioError."""
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
        """Wait until everything was heard. Raises CancelledError, AudioError."""
        self._outlast_device(self._play_out)
        self._output.end()

    def abandon(self) -> None:
        """Silence the output and end the utterance."""
        try:
            self._take_back()
        finally:
            self._output.end()

    def silence(self) -> None:
        """Abandon the utterance in any state of the output; log failures."""
        try:
            self.abandon()
        except AudioError:
            logger.debug("the output is unavailable already")
        except Exception:
            logger.exception("silencing the output failed")

    def _outlast_device(self, act: Callable[[], None]) -> None:
        """Run `act`; repeat it if the device vanished meanwhile and came back."""
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
        """Wait until it plays again. Raises CancelledError, or `gone` after the time limit."""
        logger.warning("utterance %s waits for the sound device", self._utterance_id)
        self.silence()  # browsers may still be playing
        self._write_again(AGAIN_SECONDS)
        self._gain = 0.0  # fade in: sound that resumes in the middle begins with a click
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
        """Wait a moment, then return True if the device is available. Raises CancelledError."""
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
        # _attend() handles a step down to 0: this slice is heard only after the buffered ones.
        gain = self._controls.gain or self._gain
        self._remember(pcm)  # before write(): if the device vanishes, the slice is written again
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
        """Handle cancel, pause and mute at once, not when the buffer was heard."""
        self.check_cancelled()
        if not self._wants_attention():
            return
        self._take_back()
        while self._controls.is_paused and not self.is_cancelled:
            beat()
            self._controls.resumed.wait(HOLD_SECONDS)
        self.check_cancelled()
        if self._is_newly_mute:
            self._gain = 0.0

    def _take_back(self) -> None:
        """Drop the sound not heard yet and queue it again."""
        if unheard := self._write_again(self._output.flush()):
            self._output.rewind(unheard)

    def _write_again(self, seconds: float) -> float:
        """Queue the last `seconds` of the written sound again; return their real length."""
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
