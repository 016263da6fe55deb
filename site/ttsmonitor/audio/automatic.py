"""The sound device of a machine that may have none."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ttsmonitor.audio.base import PATIENCE_SECONDS, Output, Pace
from ttsmonitor.audio.null import NullOutput
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""Looking takes a tenth of a second, on machines that never get a device too."""


class AutomaticOutput:
    """Plays to nobody until there is a device, and to that from then on."""

    def __init__(self, device: Output) -> None:
        self._device = device
        self._output: Output = NullOutput()
        self._next_look = 0.0

    @property
    def name(self) -> str:
        return self._device.name if self._has_device else "null: no sound device"

    @property
    def error(self) -> str:
        if self._has_device:
            return self._device.error
        return "" if self._next_look else "not opened yet"

    @property
    def pace(self) -> Pace:
        return self._output.pace

    def open(self) -> None:
        if self._has_device:
            self._device.open()
        elif time.monotonic() >= self._next_look:
            self._look()

    def wake(self) -> None:
        self._output.wake()

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        self._output.begin(utterance_id, sample_rate)

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        return self._output.wait_for_room(is_over, patience_seconds)

    def write(self, pcm: bytes) -> None:
        self._output.write(pcm)

    def flush(self) -> float:
        return self._output.flush()

    def rewind(self, seconds: float) -> None:
        self._output.rewind(seconds)

    def drain(self, is_over: Callable[[], bool]) -> None:
        self._output.drain(is_over)

    def end(self) -> None:
        self._output.end()

    def close(self) -> None:
        self._device.close()

    @property
    def _has_device(self) -> bool:
        return self._output is self._device

    def _look(self) -> None:
        is_first = not self._next_look
        try:
            self._device.open()
        except AudioError:
            if is_first:
                logger.warning(
                    "Until there is a sound device, what is said goes to the history and the "
                    "pages only. TTS_AUDIO=wav writes files."
                )
        else:
            self._output = self._device
            logger.info("sound goes to %s", self._device.name)
        self._next_look = time.monotonic() + LOOK_SECONDS
