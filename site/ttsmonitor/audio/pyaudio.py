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
from ttsmonitor.audio.levels import apply_gain
from ttsmonitor.audio.portaudio import PortAudioStream
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

BUSY_SECONDS = 0.03
"""Three times this fits the device of a busy machine, and all of it is used."""
CALM_SECONDS, CALM_LEAD_SECONDS = 0.02, 0.035
"""The same for a calm one, where only the second is used. PulseAudio takes sound in portions of the
first, so with the fade a cut takes two of them."""
LATE_SECONDS = 0.012
"""A machine that lets us wait so long is busy,"""
CALM_AFTER_SECONDS = 600.0
"""and this long after it,"""
UNKNOWN_SECONDS = 60.0
"""and for a minute from the start, when nothing is known of it and much else is starting."""
LEAD_IN_SECONDS = 0.005
"""Of silence before an utterance, and twice of it where one goes on in the middle: who records a
PulseAudio device in portions of 5 ms was given the beginning before it was written, and misses 3
ms, of 10 ms 7. Through a sound card nothing is lost."""
FADE_SECONDS = 0.005
TAIL_SECONDS = 0.02
USUAL_RATE = 22_050
"""Samples per second of most voices; another rate opens the device anew."""
POLL_SECONDS = 0.004
PROBED_SECONDS = 0.5
"""More than any buffer takes without a device that plays it."""
IDLE_SECONDS = 5.0
"""After so long without a sound a device may have fallen asleep."""
STUCK = Reason("the sound device takes no sound: is it suspended?")


class PyAudioOutput:
    """Plays 16-bit mono. For one thread, except close()."""

    pace = Pace.DEVICE
    has_audience = True

    def __init__(self, device: str = "", *, preroll_seconds: float = 0.0) -> None:
        self.name = f"pyaudio: {device or 'default'}"
        self.error: str = Reason("not opened yet")
        self._stream = PortAudioStream(device)
        self._preroll_seconds = preroll_seconds
        self._held = b""  # the last samples, to fade out with
        self._written = 0  # samples since the stream started, with those
        self._padding = 0  # of silence after those
        self._preroll = 0  # of silence to come before those
        self._fading = 0  # samples that are still to come up from silence
        self._last_sound = 0.0
        # A gap in a sentence is worse than a cut without a fade.
        self._busy_until = time.monotonic() + UNKNOWN_SECONDS

    def open(self) -> None:
        """Find the device. Raises AudioError where there is none, or where it takes no sound."""
        if self._stream.is_connected and not self.error:
            return
        was_stuck = self.error == STUCK
        try:
            name = self._stream.connect()
            # Opened now, so that the first sentence need not wait for it.
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

    def wake(self) -> None:
        """Prepare for an utterance that is being synthesized."""
        if self.error:
            return
        try:
            self._restart()
            if self._is_idle:
                # All of it: less than a full buffer does not start every device.
                self._padding = self._stream.room()
                self._stream.push(bytes(2 * self._padding))
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
        self._held, self._fading = b"", 0
        self._preroll = self._samples(self._preroll_seconds) if self._is_idle else 0

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        # Asked, not waited for in write(): a suspended device would keep that for ever.
        """Wait until a slice can be written; return False where `is_over()` came first."""
        room, waited = -1, 0.0
        while not is_over():
            before, room = room, self._room()
            if room >= self._slice:
                if self._preroll <= 0:
                    return True
                self._push(bytes(2 * self._slice))
                self._preroll -= self._slice
                continue
            # Not by the clock: a machine that stood still is not the device's fault.
            waited = 0.0 if room > before else waited + POLL_SECONDS
            if waited > patience_seconds:
                raise self._failed(STUCK)
            self._sleep()
        return False

    def write(self, pcm: bytes) -> None:
        """Play a slice."""
        sound = self._held + self._faded_in(pcm)
        end = max(0, len(sound) - 2 * self._fade)
        self._held = sound[end:]
        self._push(sound[:end])
        self._written += len(pcm) // 2
        self._last_sound = time.monotonic()

    def flush(self) -> float:
        """Drop what was written and not heard yet; return its length in seconds."""
        try:
            unheard = self._cut() if self._stream.is_running and not self._is_prepared else 0
        except OSError as exc:
            self._gone(exc)
            return 0.0
        except AudioError:
            return 0.0
        self._held, self._written, self._padding = b"", 0, 0
        # Sound that was cut in its middle would come back with a click.
        self._fading = self._fade if unheard else self._fading
        return float(unheard / self._stream.rate)

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` will be written again."""
        pass  # it was dropped with the device's buffer

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`."""
        if self._held and self.wait_for_room(is_over):
            held, self._held = self._held, b""
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
        """Return True where the stream is ready for the first sound."""
        return self._stream.is_running and not (self._written or self._padding)

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
        samples = min(len(pcm) // 2, self._fading)
        before = 1 - self._fading / self._fade
        self._fading -= samples
        after = 1 - self._fading / self._fade
        return apply_gain(pcm[: 2 * samples], before, after) + pcm[2 * samples :]

    def _cut(self) -> int:
        """Silence soon; return how many samples were not heard. Raises OSError, AudioError."""
        held, unheard = self._held, len(self._held) // 2
        if self._is_calm and self._stream.room() >= unheard:
            # All that is at the device is heard, so what comes back goes on to the sample.
            self._push(apply_gain(held, 1.0, 0.0))
            until = time.monotonic() + 2 * CALM_LEAD_SECONDS
            self._push_through(CALM_LEAD_SECONDS, lambda: time.monotonic() > until)
        else:
            unheard += self._stream.capacity - self._stream.room() - self._padding
        self._stream.halt()
        return max(0, min(unheard, self._written))

    def _room(self) -> int:
        """Return how many samples can be written while a cut stays short. Raises AudioError."""
        try:
            room = self._stream.room()
        except OSError as exc:
            raise self._gone(exc) from exc
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
        """Play `seconds` out, followed by silence: stopping drops what was not heard."""
        left = self._samples(seconds + TAIL_SECONDS)
        while left > 0 and self.wait_for_room(is_over):
            self._push(bytes(2 * self._slice))
            self._padding += self._slice
            left -= self._slice

    def _restart(self, silence_seconds: float = LEAD_IN_SECONDS) -> None:
        """Start with nothing but a little silence in the buffer. Raises OSError."""
        self._stream.restart()
        self._written = self._padding = 0
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
                "the sound device {name} went away: {cause}", name=self.name, cause=reason_of(exc)
            )
        )

    def _failed(self, error: str) -> AudioError:
        if error != self.error:
            logger.warning("%s", error)
        self.error = error
        self._stream.close_stream()
        return AudioError(error)
