"""A sound device through PortAudio, found by name or index and reopened after it vanished.

Sound in the device's buffer can be heard or dropped, not changed. On a calm machine the buffer
is kept small, so that a cut can fade. On a busy one it is larger, for a sound without gaps, and
a cut drops it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.audio.base import PATIENCE_SECONDS, SLICE_SECONDS, Pace
from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.audio.levels import apply_gain
from ttsmonitor.audio.portaudio import PortAudioStream
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

BUSY_SECONDS = 0.06
"""Third of the device buffer on a busy machine, in seconds. The whole buffer is filled. With two
processes that take all of two cores PulseAudio asks for sound up to 60 ms late."""
CALM_SECONDS = 0.02
"""Third of the device buffer on a calm machine, in seconds. PulseAudio takes sound in fragments of
this length."""
CALM_LEAD_SECONDS = 0.035
"""Sound kept in the device buffer on a calm machine, in seconds. It is less than the buffer holds,
so that a cut with its fade takes two fragments."""
SERVER_SECONDS = 0.015
"""Sound on its way from the device buffer to the ear, in seconds."""
LATE_SECONDS = 0.012
"""Delay of a wake-up, in seconds, from which the machine counts as busy."""
CALM_AFTER_SECONDS = 600.0
"""Time after a late wake-up until the machine counts as calm again, in seconds."""
UNKNOWN_SECONDS = 60.0
"""Time after the start in which the machine counts as busy, in seconds: much else is starting."""
LEAD_IN_SECONDS = 0.005
"""Silence before an utterance, in seconds; doubled after a resume. A PulseAudio recorder loses the
first 3 ms if it records in 5 ms fragments, and 7 ms with fragments of 10 ms. A sound card loses
nothing."""
FADE_SECONDS = 0.005
TAIL_SECONDS = 0.02
USUAL_RATE = 22_050
"""Samples per second of most voices; for another rate the device is opened again."""
POLL_SECONDS = 0.004
PROBED_SECONDS = 0.5
"""Length of the sound that a probe writes, in seconds: more than any buffer holds."""
IDLE_SECONDS = 5.0
"""Silence after which a device may be in standby, in seconds."""
STUCK = Reason("the sound device accepts no sound: is it suspended?")


class PyAudioOutput:
    """Plays 16-bit mono. For one thread, except close()."""

    pace = Pace.DEVICE
    has_audience = True

    def __init__(self, choice: DeviceChoice | None = None) -> None:
        """Play on the device that `choice` names whenever open() is called."""
        self._choice = choice or DeviceChoice()
        self.name = f"pyaudio: {self._choice.name or 'default'}"
        self.error: str = Reason("not opened yet")
        self._stream = PortAudioStream(self._choice.name)
        self._fade_out_pcm = b""  # the last samples, kept back for a fade-out
        self._written = 0  # samples since the stream started, including those kept back
        self._padding_samples = 0  # samples of silence after the sound
        self._preroll = 0  # samples of silence still to be written before the sound
        self._fade_in_left = 0  # samples that are still to be faded in
        self._last_sound = 0.0
        self.buffered_seconds = 0.0
        # A gap in a sentence is worse than a cut without a fade.
        self._busy_until = time.monotonic() + UNKNOWN_SECONDS

    def open(self) -> None:
        """Find the device. Raises AudioError if there is none, or if it takes no sound."""
        if self._stream.device != self._choice.name:
            self._change_device()
        if self._stream.is_connected and not self.error:
            return
        was_stuck = self.error == STUCK
        try:
            name = self._stream.connect()
            # Open it now, so that the first sentence need not wait for it.
            self._stream.open(self._stream.rate or USUAL_RATE, self._buffer_seconds)
            if was_stuck:
                self._probe()
            self._stream.halt()
        except (OSError, ValueError) as exc:
            raise self._failed(
                Reason("no sound device can be used ({cause})", cause=reason_of(exc))
            ) from exc
        self.name = f"pyaudio: {name}"
        self.error = ""

    def _change_device(self) -> None:
        self._stream.close()
        self._stream = PortAudioStream(self._choice.name)
        self.name = f"pyaudio: {self._choice.name or 'default'}"
        self.error = Reason("not opened yet")
        self._last_sound = 0.0

    def wake(self) -> None:
        """Prepare for an utterance that is being synthesized."""
        if self.error:
            return
        try:
            self._restart()
            if self._is_idle:
                # Some devices start only when their buffer is full.
                self._padding_samples = self._stream.room()
                self._stream.push(bytes(2 * self._padding_samples))
        except OSError as exc:
            self._failed(
                Reason(
                    "the sound device {name} does not wake up: {cause}",
                    name=self.name,
                    cause=reason_of(exc),
                )
            )

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """Start an utterance of 16-bit mono at `sample_rate` samples per second."""
        if self.error:
            raise AudioError(self.error)
        stream, wanted = self._stream, (sample_rate, self._buffer_seconds)
        try:
            if (stream.rate, stream.buffer_seconds) != wanted:
                stream.open(*wanted)
                stream.halt()
            if not self._is_prepared:
                self._restart()
        except (OSError, ValueError) as exc:
            raise self._failed(
                Reason(
                    "the sound device {name} cannot play: {cause}",
                    name=self.name,
                    cause=reason_of(exc),
                )
            ) from exc
        self.buffered_seconds = 0.0
        self._fade_out_pcm, self._fade_in_left = b"", 0
        self._preroll = self._samples(self._choice.preroll_seconds) if self._is_idle else 0

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        # A blocking write() would never return if the device is suspended.
        """Wait until a slice can be written; return False if `is_over()` came first."""
        room, waited = -1, 0.0
        while not is_over():
            before, room = room, self._room()
            if room >= self._slice:
                if self._preroll <= 0:
                    return True
                self._push(bytes(2 * self._slice))
                self._preroll -= self._slice
                continue
            # Count polls instead of reading the clock: the machine may have been suspended.
            waited = 0.0 if room > before else waited + POLL_SECONDS
            if waited > patience_seconds:
                raise self._failed(STUCK)
            self._sleep()
        return False

    def write(self, pcm: bytes) -> None:
        """Play a slice."""
        sound = self._fade_out_pcm + self._faded_in(pcm)
        end = max(0, len(sound) - 2 * self._fade)
        self._fade_out_pcm = sound[end:]
        self._push(sound[:end])
        self._written += len(pcm) // 2
        self._last_sound = time.monotonic()

    def flush(self) -> float:
        """Drop sound that was written but not heard; return its length in seconds."""
        try:
            unheard = self._cut() if self._stream.is_running and not self._is_prepared else 0
        except OSError as exc:
            self._gone(exc)
            return 0.0
        except AudioError:
            return 0.0
        self.buffered_seconds = 0.0
        self._fade_out_pcm, self._written, self._padding_samples = b"", 0, 0
        # Sound that resumes in the middle needs a fade-in, or it begins with a click.
        self._fade_in_left = self._fade if unheard else self._fade_in_left
        return float(unheard / self._stream.rate)

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` will be written again."""
        pass  # flush() dropped it with the device's buffer

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`."""
        if self._fade_out_pcm and self.wait_for_room(is_over):
            held, self._fade_out_pcm = self._fade_out_pcm, b""
            self._push(held)
        self._push_through(self._stream.capacity / self._stream.rate, is_over)

    def end(self) -> None:
        """Finish the utterance."""
        try:
            self._stream.halt()
        except OSError as exc:
            self._gone(exc)

    def close(self) -> None:
        """Release the device. Idempotent."""
        self._stream.close()

    @property
    def _is_prepared(self) -> bool:
        """Return True if the stream is ready for the first sound."""
        return self._stream.is_running and not (self._written or self._padding_samples)

    @property
    def _is_idle(self) -> bool:
        return time.monotonic() - self._last_sound > IDLE_SECONDS

    @property
    def _buffer_seconds(self) -> float:
        return BUSY_SECONDS if time.monotonic() < self._busy_until else CALM_SECONDS

    @property
    def _is_calm(self) -> bool:
        return self._stream.buffer_seconds == self._buffer_seconds == CALM_SECONDS

    @property
    def _slice(self) -> int:
        """Return how many samples are written at a time, at most."""
        return self._samples(SLICE_SECONDS)

    @property
    def _fade(self) -> int:
        """Return how many samples a fade takes."""
        return self._samples(FADE_SECONDS)

    def _samples(self, seconds: float) -> int:
        return round(seconds * self._stream.rate)

    def _faded_in(self, pcm: bytes) -> bytes:
        samples = min(len(pcm) // 2, self._fade_in_left)
        before = 1 - self._fade_in_left / self._fade
        self._fade_in_left -= samples
        after = 1 - self._fade_in_left / self._fade
        return apply_gain(pcm[: 2 * samples], before, after) + pcm[2 * samples :]

    def _cut(self) -> int:
        """Silence soon; return how many samples were not heard. Raises OSError, AudioError."""
        held, unheard = self._fade_out_pcm, len(self._fade_out_pcm) // 2
        if self._is_calm and self._stream.room() >= unheard:
            # The device plays its whole buffer, so a resume continues at the exact sample.
            self._push(apply_gain(held, 1.0, 0.0))
            until = time.monotonic() + 2 * CALM_LEAD_SECONDS
            self._push_through(CALM_LEAD_SECONDS, lambda: time.monotonic() > until)
        else:
            unheard += self._stream.capacity - self._stream.room() - self._padding_samples
        self._stream.halt()
        return max(0, min(unheard, self._written))

    def _room(self) -> int:
        """Return how many samples can be written while a cut stays short. Raises AudioError."""
        try:
            room = self._stream.room()
        except OSError as exc:
            raise self._gone(exc) from exc
        self.buffered_seconds = SERVER_SECONDS + (self._stream.capacity - room) / self._stream.rate
        if self._is_calm:
            room -= max(0, self._stream.capacity - self._samples(CALM_LEAD_SECONDS))
        return room

    def _push(self, pcm: bytes) -> None:
        try:
            if not self._stream.is_running:
                self._restart(2 * LEAD_IN_SECONDS)
            self._stream.push(pcm)
        except OSError as exc:
            raise self._gone(exc) from exc

    def _push_through(self, seconds: float, is_over: Callable[[], bool]) -> None:
        """Play `seconds` out, followed by silence: a stop drops sound in the buffer."""
        left = self._samples(seconds + TAIL_SECONDS)
        while left > 0 and self.wait_for_room(is_over):
            self._push(bytes(2 * self._slice))
            self._padding_samples += self._slice
            left -= self._slice

    def _restart(self, silence_seconds: float = LEAD_IN_SECONDS) -> None:
        """Restart the stream with a short silence in its buffer. Raises OSError."""
        self._stream.restart()
        self._written = self._padding_samples = 0
        self._stream.push(bytes(2 * self._samples(silence_seconds)))

    def _probe(self) -> None:
        """Verify that a device which took no sound takes some now. Raises AudioError."""
        for _ in range(round(PROBED_SECONDS / SLICE_SECONDS)):
            # As patient as with an utterance: a device that stood still wakes up slowly, and only
            # if the stream stays open meanwhile.
            self.wait_for_room(lambda: False)
            self._push(bytes(2 * self._slice))

    def _sleep(self) -> None:
        start = time.monotonic()
        time.sleep(POLL_SECONDS)
        now = time.monotonic()
        if now - start > POLL_SECONDS + LATE_SECONDS:
            self._busy_until = now + CALM_AFTER_SECONDS

    def _gone(self, exc: OSError) -> AudioError:
        # The earlier failure is the cause of this one.
        return self._failed(
            self.error
            or Reason(
                "the sound device {name} was disconnected: {cause}",
                name=self.name,
                cause=reason_of(exc),
            )
        )

    def _failed(self, error: str) -> AudioError:
        if error != self.error:
            logger.warning("%s", error)
        self.error = error
        self._stream.close_stream()
        return AudioError(error)
