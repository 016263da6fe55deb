"""A sound device through PortAudio, by name or index; opened again when it went away."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

BUFFER_SECONDS = 0.03
"""Three times this is kept at the device, against stalls of a busy machine. It delays neither the
first sound, which plays as soon as it is written, nor a stop, which drops what was not heard."""
TAIL_SECONDS = 0.02
USUAL_RATE = 22_050
"""Samples per second of most voices; another rate opens the device anew."""
SLICE_SECONDS = 0.01


class PyAudioOutput:
    """Plays 16-bit mono. Methods are for one thread, but stop() and close()."""

    def __init__(self, device: str = "") -> None:
        self.name = f"pyaudio: {device or 'default'}"
        self.error = "not opened yet"
        self._device = device
        self._portaudio: Any = None
        self._stream: Any = None
        self._rate = 0
        self._capacity = 0  # samples that fit the device's buffer
        self._written = 0  # samples since the stream started
        self._padding = 0  # of those, silence at the end
        self._lock = threading.Lock()

    def open(self) -> None:
        """Find the device. Raises AudioError where there is none."""
        if self._portaudio is not None and not self.error:
            return
        self.close()
        try:
            import pyaudio
        except ImportError as exc:
            raise self._failed(
                "PyAudio is not installed (needs PortAudio): see the README"
            ) from exc
        try:
            with _quiet():
                # Anew each time: PortAudio keeps the list of devices it saw at first.
                self._portaudio = pyaudio.PyAudio()
            info = self._find()
            # Opened now, so that the first sentence need not wait for it.
            self._open_stream(USUAL_RATE)
            self._halt()
        except (OSError, ValueError) as exc:
            raise self._failed(f"no sound device can be used ({exc})") from exc
        self.name = f"pyaudio: {info['name']}"
        self.error = ""

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        self.open()
        if self._stream is not None and self._rate != sample_rate:
            self._close_stream()
        try:
            if self._stream is None:
                self._open_stream(sample_rate)
            elif self._stream.is_stopped():
                self._stream.start_stream()
            self._written = self._padding = 0
            self._capacity = self._stream.get_write_available()
        except (OSError, ValueError) as exc:
            raise self._failed(f"the sound device {self.name} cannot play: {exc}") from exc

    def write(self, pcm: bytes) -> None:
        stream = self._stream
        if stream is None:
            raise AudioError("the sound device is closed")
        try:
            if stream.is_stopped():
                stream.start_stream()
                self._written = self._padding = 0
            stream.write(pcm, exception_on_underflow=False)
            self._written += len(pcm) // 2
        except OSError as exc:
            raise self._failed(f"the sound device {self.name} went away: {exc}") from exc

    def flush(self) -> float:
        stream = self._stream
        if stream is None or stream.is_stopped():
            return 0.0
        unheard = self._capacity - stream.get_write_available() - self._padding
        self._halt()
        return float(max(0, min(unheard, self._written)) / self._rate)

    def rewind(self, seconds: float) -> None:
        pass  # it was dropped with the device's buffer

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Push the end through with silence, since stopping drops what was not heard yet."""
        left = self._capacity / self._rate + TAIL_SECONDS if self._stream is not None else 0.0
        while left > 0 and not is_over():
            silence = round(SLICE_SECONDS * self._rate)
            self.write(bytes(2 * silence))
            self._padding += silence
            left -= SLICE_SECONDS

    def end(self) -> None:
        self._halt()

    def close(self) -> None:
        self._close_stream()
        with self._lock:
            portaudio, self._portaudio = self._portaudio, None
        if portaudio is not None:
            portaudio.terminate()

    def _find(self) -> Any:
        if not self._device:
            return self._portaudio.get_default_output_device_info()
        count = self._portaudio.get_device_count()
        devices = [self._portaudio.get_device_info_by_index(number) for number in range(count)]
        outputs = [device for device in devices if device["maxOutputChannels"] > 0]
        for device in outputs:
            if self._device == str(device["index"]):
                return device
        for device in outputs:
            if self._device.lower() in device["name"].lower():
                return device
        names = ", ".join(f"{device['index']}: {device['name']}" for device in outputs) or "none"
        raise OSError(f"TTS_AUDIO_DEVICE={self._device!r} is none of: {names}")

    def _open_stream(self, sample_rate: int) -> None:
        import pyaudio

        with _quiet():
            self._stream = self._portaudio.open(
                rate=sample_rate,
                channels=1,
                format=pyaudio.paInt16,
                output=True,
                output_device_index=self._find()["index"],
                frames_per_buffer=round(BUFFER_SECONDS * sample_rate),
            )
        self._rate = sample_rate

    def _halt(self) -> None:
        stream = self._stream
        if stream is None:
            return
        try:
            if not stream.is_stopped():
                stream.stop_stream()
        except OSError as exc:
            self._failed(f"the sound device {self.name} went away: {exc}")

    def _close_stream(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except OSError:
                logger.debug("the stream was gone already")

    def _failed(self, error: str) -> AudioError:
        if error != self.error:
            logger.warning("%s", error)
        self.error = error
        self._close_stream()
        return AudioError(error)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep ALSA and JACK from writing on standard error what they looked for and did not find."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
