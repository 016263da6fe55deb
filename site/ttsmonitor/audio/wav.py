"""A WAV file per utterance, named by its time and id."""

from __future__ import annotations

import logging
import tempfile
import time
import wave
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from ttsmirror.reasons import Reason, reason_of
from ttsmonitor.audio.base import PATIENCE_SECONDS, Pace
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

HELD_SECONDS = 1.0
"""Length of sound held back from the file, in seconds: it may be rewound."""
PROBED_BYTES = 65_536
"""Free disk space required before the next sentence after a failure."""


class WavOutput:
    """Writes as fast as it is given; an interrupted utterance's file ends where it was stopped."""

    pace = Pace.NONE
    has_audience = True
    buffered_seconds = 0.0

    def __init__(self, directory: Path) -> None:
        self.name = f"wav: {directory}"
        self.error = ""
        self._is_open = False
        self._directory = directory
        self._raw: BinaryIO | None = None
        self._file: wave.Wave_write | None = None
        self._held = bytearray()
        self._rate = 22_050

    def open(self) -> None:
        """Create the directory. Raises AudioError if it takes no files."""
        if self._is_open and not self.error:
            return
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._directory) as file:
                file.write(bytes(PROBED_BYTES))
        except OSError as exc:
            raise self._failed(
                Reason(
                    "TTS_WAV_DIR={path} cannot be written: {cause}",
                    path=str(self._directory),
                    cause=reason_of(exc),
                )
            ) from exc
        self._is_open, self.error = True, ""

    def wake(self) -> None:
        """Do nothing."""
        pass

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """Start an utterance of 16-bit mono at `sample_rate` samples per second."""
        self.end()
        path = self._directory / f"{time.strftime('%Y%m%d-%H%M%S')}-{utterance_id}.wav"
        try:
            # Opened first: a wave object that could not open its file complains when it is freed.
            self._raw = path.open("wb")
        except OSError as exc:
            raise self._failed(
                Reason("{path} cannot be written: {cause}", path=str(path), cause=reason_of(exc))
            ) from exc
        self._rate = sample_rate
        self._file = wave.open(self._raw, "wb")
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(sample_rate)

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Wait until a slice can be written; return False if `is_over()` came first."""
        return not is_over()

    def write(self, pcm: bytes) -> None:
        """Play a slice."""
        self._held += pcm
        most = 2 * round(HELD_SECONDS * self._rate)
        if len(self._held) > 2 * most:
            self._write_out(len(self._held) - most)

    def flush(self) -> float:
        """Drop sound that was written but not heard; return its length in seconds."""
        return 0.0

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` will be written again."""
        del self._held[max(0, len(self._held) - 2 * round(seconds * self._rate)) :]

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`."""
        pass

    def end(self) -> None:
        """Finish the utterance."""
        file, raw = self._file, self._raw
        try:
            with ExitStack() as closing:  # all of it, whatever fails
                if raw is not None:
                    closing.callback(raw.close)
                if file is not None:
                    closing.callback(file.close)
                self._write_out(len(self._held))
        except OSError as exc:
            raise self._failed(_unwritable(exc)) from exc
        finally:
            self._file = self._raw = None

    def close(self) -> None:
        """Release the device. Idempotent."""
        self.end()

    def _write_out(self, size: int) -> None:
        if self._file is None:
            return
        try:
            self._file.writeframes(bytes(self._held[:size]))
        except OSError as exc:
            raise self._failed(_unwritable(exc)) from exc
        finally:
            del self._held[:size]

    def _failed(self, error: str) -> AudioError:
        if error != self.error:
            logger.warning("%s", error)
        self.error = error
        return AudioError(error)


def _unwritable(exc: OSError) -> Reason:
    return Reason("the WAV file cannot be written: {cause}", cause=reason_of(exc))
