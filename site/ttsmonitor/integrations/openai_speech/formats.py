"""The audio formats of the OpenAI speech API, written while the sound is made."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

RATE = 24_000
"""Samples per second of every format. Clients expect it of `pcm`, which does not say it."""
UNKNOWN_SIZE = 0xFFFFFFFF
MP3_COMPRESSION = 0.5
"""From 0, at 160 kbit/s, to 1, at 8: 80 kbit/s."""
MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""Bit rates of layer III below 32,000 samples per second, by their index."""


class Encoder(Protocol):
    """Makes a file of 16-bit mono PCM, part by part."""

    def encode(self, pcm: bytes) -> bytes:
        """Return what of the file is known now."""
        ...

    def finish(self) -> bytes:
        """Return its end."""
        ...


class Pcm:
    """The samples alone."""

    def encode(self, pcm: bytes) -> bytes:
        """Return them as they are."""
        return pcm

    def finish(self) -> bytes:
        """Return nothing."""
        return b""


class Wav:
    """A WAV file whose header does not tell its size."""

    def __init__(self) -> None:
        form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
        riff, data = (struct.pack("<4sI", each, UNKNOWN_SIZE) for each in (b"RIFF", b"data"))
        self._header = riff + b"WAVEfmt " + form + data

    def encode(self, pcm: bytes) -> bytes:
        """Return the samples, after the header."""
        header, self._header = self._header, b""
        return header + pcm

    def finish(self) -> bytes:
        """Return the header of a file without sound."""
        return self.encode(b"")


class _Buffer:
    """A file in memory of which libsndfile writes a part twice: the sizes in its header."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._place = 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self.content[self._place : self._place + len(part)] = part
        self._place += len(part)
        return len(part)

    def read(self, count: int) -> bytes:
        part = bytes(self.content[self._place : self._place + count])
        self._place += len(part)
        return part

    def seek(self, offset: int, whence: int = 0) -> int:
        self._place = (0, self._place, len(self.content))[whence] + offset
        return self._place

    def tell(self) -> int:
        return self._place


class Compressed:
    """A file that libsndfile writes. Its import takes some hundredths of a second."""

    def __init__(
        self, container: str, codec: str, *, is_streamed: bool = True, **options: Any
    ) -> None:
        """Write `codec` into `container`, as soundfile calls them; it takes the `options`, too.

        Without `is_streamed` everything comes at the end, with the size in the header.
        """
        import soundfile

        self._buffer = _Buffer()
        self._file = soundfile.SoundFile(
            self._buffer, "w", RATE, 1, codec, format=container, **options
        )
        self._is_streamed = is_streamed
        self._sent = 0

    def encode(self, pcm: bytes) -> bytes:
        """Return what the encoder has ready."""
        self._file.write(np.frombuffer(pcm, dtype="<i2"))
        return self._rest() if self._is_streamed else b""

    def finish(self) -> bytes:
        """Return what the encoder held back."""
        self._file.close()
        return self._rest()

    def _rest(self) -> bytes:
        rest = bytes(self._buffer.content[self._sent :])
        self._sent += len(rest)
        return rest


class Mp3(Compressed):
    """An MP3 file without the frame of the encoder that tells the length, unknown here."""

    def __init__(self) -> None:
        # At a constant rate, by which players tell how long it is.
        options: Any = {"bitrate_mode": "CONSTANT", "compression_level": MP3_COMPRESSION}
        super().__init__("MP3", "MPEG_LAYER_III", **options)
        self._head: bytes | None = b""

    def _rest(self) -> bytes:
        rest = super()._rest()
        if self._head is None:
            return rest
        self._head += rest
        size = _frame_bytes(self._head)
        if len(self._head) <= size or not size:
            return b""
        rest, self._head = self._head[size:], None
        return rest


def _frame_bytes(head: bytes) -> int:
    """Return the length of the first frame of an MP3 file; 0 while it is not known."""
    if len(head) < 4:
        return 0
    return 72_000 * MPEG2_KBPS[head[2] >> 4] // RATE + (head[2] >> 1 & 1)


FORMATS: dict[str, tuple[str, Callable[[], Encoder]]] = {
    "mp3": ("audio/mpeg", Mp3),
    "opus": ("audio/ogg", lambda: Compressed("OGG", "OPUS")),
    "flac": ("audio/flac", lambda: Compressed("FLAC", "PCM_16", is_streamed=False)),
    "wav": ("audio/wav", Wav),
    "pcm": ("audio/pcm", Pcm),
}
"""The content type and the encoder of each format."""
