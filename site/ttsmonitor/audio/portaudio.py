"""A PortAudio device and the stream that is open on it."""

from __future__ import annotations

import ctypes
import logging
import os
import threading
from contextlib import suppress
from functools import cache
from typing import Any

from ttsmirror.reasons import Reason

logger = logging.getLogger(__name__)


def _from_alsa(
    file: bytes | None, line: int, function: bytes | None, code: int, words: bytes | None
) -> None:
    # `words` is a printf format; its arguments are not accessible.
    logger.debug("alsa: %r in %r", words, function)


def _from_jack(words: bytes | None) -> None:
    logger.debug("jack: %r", words)


_ALSA = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)(_from_alsa)
_JACK = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(_from_jack)
HANDLERS = (
    ("libasound.so.2", "snd_lib_error_set_handler", _ALSA),
    ("libjack.so.0", "jack_set_error_function", _JACK),
    ("libjack.so.0", "jack_set_info_function", _JACK),
)


class PortAudioStream:
    """One stream at a time on one device. All but close() raise OSError or ValueError."""

    def __init__(self, device: str) -> None:
        self.rate = 0
        self.buffer_seconds = 0.0
        self.capacity = 0
        """Capacity of the device's buffer, in samples."""
        self.device = device
        """The wanted device, as in DeviceChoice."""
        self._portaudio: Any = None
        self._stream: Any = None
        self._lock = threading.Lock()

    @property
    def is_connected(self) -> bool:
        """True while a device has been found."""
        return self._portaudio is not None

    @property
    def is_running(self) -> bool:
        """True while the stream plays."""
        stream = self._stream
        return stream is not None and not stream.is_stopped()

    def connect(self) -> str:
        """Find the device and return its name."""
        self.close()
        try:
            import pyaudio
        except ImportError as exc:
            raise OSError(
                Reason("PyAudio is not installed, it needs PortAudio: see the README")
            ) from exc
        _quieten()
        # Initialize it each time: PortAudio keeps the device list of its first start.
        self._portaudio = pyaudio.PyAudio()
        return str(_find_device(self._portaudio, self.device)["name"])

    def open(self, rate: int, buffer_seconds: float) -> None:
        """Replace the stream by one of that rate, with a buffer three times `buffer_seconds`."""
        import pyaudio

        self.close_stream()
        if self._portaudio is None:
            raise OSError(Reason("it is closed"))
        self._stream = self._portaudio.open(
            rate=rate,
            channels=1,
            format=pyaudio.paInt16,
            output=True,
            output_device_index=_find_device(self._portaudio, self.device)["index"],
            frames_per_buffer=round(buffer_seconds * rate),
        )
        self.rate, self.buffer_seconds = rate, buffer_seconds

    def restart(self) -> None:
        """Start with an empty buffer."""
        self.halt()
        stream = self._opened()
        stream.start_stream()
        self.capacity = stream.get_write_available()

    def room(self) -> int:
        """Return how many samples can be written without blocking."""
        stream = self._opened()
        if stream.is_stopped():
            return self.capacity
        room = int(stream.get_write_available())
        # Some streams start full of silence and report their capacity only as they empty.
        self.capacity = max(self.capacity, room)
        return room

    def push(self, pcm: bytes) -> None:
        """Write samples; block if there is no room."""
        self._opened().write(pcm, exception_on_underflow=False)

    def halt(self) -> None:
        """Stop at once and drop buffered sound."""
        if self.is_running:
            self._stream.stop_stream()

    def close_stream(self) -> None:
        """Close the stream. Idempotent, from any thread."""
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.close()
            except OSError:
                logger.debug("the stream was gone already")

    def close(self) -> None:
        """Release the device. Idempotent, from any thread."""
        self.close_stream()
        with self._lock:
            portaudio, self._portaudio = self._portaudio, None
        if portaudio is not None:
            portaudio.terminate()

    def _opened(self) -> Any:
        stream = self._stream
        if stream is None:
            raise OSError(Reason("it is closed"))
        return stream


@cache
def _quieten() -> None:
    """Redirect the complaints of ALSA and JACK from standard error to our log.

    Standard error belongs to the whole process: closing it meanwhile would lose other threads'
    lines. Call this once PortAudio is loaded.
    """
    for library, function, handler in HANDLERS:
        # Libraries that PortAudio does not use are not there.
        with suppress(OSError):
            getattr(ctypes.CDLL(library, os.RTLD_NOLOAD), function)(handler)


def _find_device(portaudio: Any, wanted: str) -> Any:
    """Find a device by name, part of its name, or index; the default one for an empty name.

    Raises OSError with the names of the devices that exist.
    """
    if not wanted:
        return portaudio.get_default_output_device_info()
    count = portaudio.get_device_count()
    devices = [portaudio.get_device_info_by_index(number) for number in range(count)]
    outputs = [device for device in devices if device["maxOutputChannels"] > 0]
    for device in outputs:
        if wanted == str(device["index"]):
            return device
    for device in outputs:
        if wanted.lower() in device["name"].lower():
            return device
    names = ", ".join(f"{device['index']}: {device['name']}" for device in outputs) or "none"
    raise OSError(
        Reason("there is no sound device {wanted}; there are: {names}", wanted=wanted, names=names)
    )
