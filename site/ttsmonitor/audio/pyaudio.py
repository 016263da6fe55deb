"""A sound device through PortAudio, by name or index; opened again when it went away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from ttsmonitor.audio.base import PATIENCE_SECONDS, SLICE_SECONDS, Pace
from ttsmonitor.audio.devices import find_device, quieten
from ttsmonitor.audio.levels import apply_gain
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

BUFFER_SECONDS = 0.03
"""Three times this is kept at the device, against stalls of a busy machine. It delays neither the
first sound, which plays as soon as it is written, nor a stop, which drops what was not heard."""
TAIL_SECONDS = 0.02
USUAL_RATE = 22_050
"""Samples per second of most voices; another rate opens the device anew."""
POLL_SECONDS = 0.004
PROBE_SECONDS = 0.3
PROBED_SECONDS = 0.5
"""More than any buffer takes without a device that plays it."""
IDLE_SECONDS = 5.0
"""After so long without a sound a device may have fallen asleep."""
FADE_SECONDS = 0.005
STUCK = "the sound device takes no sound: is it suspended?"


class PyAudioOutput:
    """Plays 16-bit mono. Methods are for one thread, but close()."""

    pace = Pace.DEVICE

    def __init__(self, device: str = "", *, preroll_seconds: float = 0.0) -> None:
        self.name = f"pyaudio: {device or 'default'}"
        self.error = "not opened yet"
        self._device = device
        self._preroll_seconds = preroll_seconds
        self._portaudio: Any = None
        self._stream: Any = None
        self._rate = 0
        self._capacity = 0  # samples that fit the device's buffer
        self._written = 0  # samples since the stream started
        self._padding = 0  # of silence after those
        self._preroll = 0  # of silence to come before those
        self._fading = 0  # samples that are still to come up from silence
        self._last_sound = 0.0
        self._lock = threading.Lock()

    def open(self) -> None:
        """Find the device. Raises AudioError where there is none, or where it takes no sound."""
        if self._portaudio is not None and not self.error:
            return
        was_stuck = self.error == STUCK
        self.close()
        try:
            import pyaudio
        except ImportError as exc:
            raise self._failed(
                "PyAudio is not installed (needs PortAudio): see the README"
            ) from exc
        quieten()
        try:
            # Anew each time: PortAudio keeps the list of devices it saw at first.
            self._portaudio = pyaudio.PyAudio()
            info = find_device(self._portaudio, self._device)
            # Opened now, so that the first sentence need not wait for it.
            self._open_stream(USUAL_RATE)
            if was_stuck:
                self._probe()
            self._halt()
        except (OSError, ValueError) as exc:
            raise self._failed(f"no sound device can be used ({exc})") from exc
        self.name = f"pyaudio: {info['name']}"
        self.error = ""

    def wake(self) -> None:
        stream = self._stream
        if stream is None or not self._is_idle:
            return
        try:
            self._restart()
            self._fill_with_silence()
        except OSError as exc:
            self._failed(f"the sound device {self.name} does not wake up: {exc}")

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        if self._portaudio is None or self.error:
            raise AudioError(self.error)
        try:
            if self._stream is None or self._rate != sample_rate:
                self._close_stream()
                self._open_stream(sample_rate)
            self._restart()
        except (OSError, ValueError) as exc:
            raise self._failed(f"the sound device {self.name} cannot play: {exc}") from exc
        self._fading = 0
        self._preroll = round(self._preroll_seconds * sample_rate) if self._is_idle else 0

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        # Asked, not waited for in write(): a suspended device would keep that for ever.
        room, since = -1, time.monotonic()
        while not is_over():
            before, room = room, self._room()
            if room >= self._slice:
                if self._preroll <= 0:
                    return True
                self._write(bytes(2 * self._slice))
                self._preroll -= self._slice
            elif room > before:
                since = time.monotonic()
            elif time.monotonic() - since > patience_seconds:
                raise self._failed(STUCK)
            else:
                time.sleep(POLL_SECONDS)
        return False

    def write(self, pcm: bytes) -> None:
        self._write(self._faded_in(pcm))
        self._written += len(pcm) // 2
        self._last_sound = time.monotonic()

    def flush(self) -> float:
        try:
            unheard = self._capacity - self._room() - self._padding
        except AudioError:
            return 0.0
        self._halt()
        unheard = max(0, min(unheard, self._written))
        # What is cut in the middle of a sound would come back with a click.
        self._fading = self._fade if unheard else self._fading
        return float(unheard / self._rate)

    def rewind(self, seconds: float) -> None:
        pass  # it was dropped with the device's buffer

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Push the end through with silence, since stopping drops what was not heard yet."""
        left = self._capacity + round(TAIL_SECONDS * self._rate)
        while left > 0 and self.wait_for_room(is_over):
            self._write(bytes(2 * self._slice))
            self._padding += self._slice
            left -= self._slice

    def end(self) -> None:
        self._halt()

    def close(self) -> None:
        self._close_stream()
        with self._lock:
            portaudio, self._portaudio = self._portaudio, None
        if portaudio is not None:
            portaudio.terminate()

    @property
    def _is_idle(self) -> bool:
        return time.monotonic() - self._last_sound > IDLE_SECONDS

    @property
    def _slice(self) -> int:
        """Samples that are written at a time, at most."""
        return round(SLICE_SECONDS * self._rate)

    @property
    def _fade(self) -> int:
        """Samples that a sound takes to come up from silence."""
        return round(FADE_SECONDS * self._rate)

    def _faded_in(self, pcm: bytes) -> bytes:
        samples = min(len(pcm) // 2, self._fading)
        before = 1 - self._fading / self._fade
        self._fading -= samples
        after = 1 - self._fading / self._fade
        return apply_gain(pcm[: 2 * samples], before, after) + pcm[2 * samples :]

    def _open_stream(self, sample_rate: int) -> None:
        import pyaudio

        self._stream = self._portaudio.open(
            rate=sample_rate,
            channels=1,
            format=pyaudio.paInt16,
            output=True,
            output_device_index=find_device(self._portaudio, self._device)["index"],
            frames_per_buffer=round(BUFFER_SECONDS * sample_rate),
        )
        self._rate = sample_rate

    def _restart(self) -> None:
        """Begin with nothing but a little silence: through PulseAudio the first 9 ms that are
        written to a stream are skipped, every time it starts. Raises OSError.
        """
        if not self._stream.is_stopped():
            self._stream.stop_stream()
        self._stream.start_stream()
        self._written = self._padding = 0
        self._capacity = self._stream.get_write_available()
        self._stream.write(bytes(2 * self._slice), exception_on_underflow=False)

    def _probe(self) -> None:
        """See that a device which took no sound takes some now. Raises AudioError."""
        for _ in range(round(PROBED_SECONDS / SLICE_SECONDS)):
            self.wait_for_room(lambda: False, PROBE_SECONDS)
            self._write(bytes(2 * self._slice))

    def _fill_with_silence(self) -> None:
        # All of it: less than a full buffer does not start every device.
        room = self._stream.get_write_available()
        self._stream.write(bytes(2 * room), exception_on_underflow=False)

    def _room(self) -> int:
        """Samples that can be written without waiting. Raises AudioError."""
        stream = self._playing_stream()
        try:
            if stream.is_stopped():
                return self._capacity
            room = int(stream.get_write_available())
        except OSError as exc:
            raise self._gone(exc) from exc
        # Where a stream starts full of silence, there is no other way to learn this.
        self._capacity = max(self._capacity, room)
        return room

    def _write(self, pcm: bytes) -> None:
        stream = self._playing_stream()
        try:
            if stream.is_stopped():
                self._restart()
            stream.write(pcm, exception_on_underflow=False)
        except OSError as exc:
            raise self._gone(exc) from exc

    def _playing_stream(self) -> Any:
        stream = self._stream
        if stream is None:
            raise AudioError(self.error or "the sound device is closed")
        return stream

    def _halt(self) -> None:
        stream = self._stream
        if stream is None:
            return
        try:
            if not stream.is_stopped():
                stream.stop_stream()
        except OSError as exc:
            self._gone(exc)

    def _close_stream(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except OSError:
                logger.debug("the stream was gone already")

    def _gone(self, exc: OSError) -> AudioError:
        return self._failed(f"the sound device {self.name} went away: {exc}")

    def _failed(self, error: str) -> AudioError:
        if error != self.error:
            logger.warning("%s", error)
        self.error = error
        self._close_stream()
        return AudioError(error)
