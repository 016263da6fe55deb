"""The output of TTS_AUDIO=auto: browsers, and a sound device as soon as there is one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ttsmirror.reasons import Reason
from ttsmonitor.audio.base import PATIENCE_SECONDS, Output, Pace
from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.audio.several import SeveralOutputs
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""Interval of the search for a sound device, in seconds; a search takes a tenth of a second."""


class AutomaticOutput:
    """Plays to browsers, and to the sound device from when one is found.

    Once it has played on the device, it does not play without it: what is queued waits for it.
    """

    def __init__(self, device: Output, browser: Output, choice: DeviceChoice | None = None) -> None:
        """Play to `device`, which plays on `choice`, and to `browser`."""
        self._device = device
        self._choice = choice or DeviceChoice()
        self._looked_for = ""
        self._browser = browser
        self._output: Output = browser
        self._next_look = 0.0

    @property
    def name(self) -> str:
        """The name that the pages show."""
        return self._device.name if self._has_device else f"{self._browser.name}: no sound device"

    @property
    def error(self) -> str:
        """Why it cannot play now; empty when it can."""
        if self._has_device:
            return self._device.error
        return "" if self._next_look else Reason("not opened yet")

    @property
    def pace(self) -> Pace:
        """How it knows time."""
        return self._output.pace

    @property
    def has_audience(self) -> bool:
        """True if the device is there, or a browser listens."""
        return self._output.has_audience

    @property
    def buffered_seconds(self) -> float:
        """Length of the sound that was written and is not heard yet, in seconds."""
        return self._output.buffered_seconds

    def open(self) -> None:
        """Get ready to play. Raises AudioError that says what to do."""
        if self._has_device:
            self._device.open()
        elif time.monotonic() >= self._next_look or self._choice.name != self._looked_for:
            self._look()

    def wake(self) -> None:
        """Prepare for an utterance that is being synthesized."""
        self._output.wake()

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """Start an utterance of 16-bit mono at `sample_rate` samples per second."""
        self._output.begin(utterance_id, sample_rate)

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Wait until a slice can be written; return False if `is_over()` came first."""
        return self._output.wait_for_room(is_over, patience_seconds)

    def write(self, pcm: bytes) -> None:
        """Play a slice."""
        self._output.write(pcm)

    def flush(self) -> float:
        """Drop sound that was written but not heard; return its length in seconds."""
        return self._output.flush()

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` will be written again."""
        self._output.rewind(seconds)

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`."""
        self._output.drain(is_over)

    def end(self) -> None:
        """Finish the utterance."""
        self._output.end()

    def close(self) -> None:
        """Release the device. Idempotent."""
        self._device.close()
        self._browser.close()

    @property
    def _has_device(self) -> bool:
        return self._output is not self._browser

    def _look(self) -> None:
        is_first, self._looked_for = not self._next_look, self._choice.name
        try:
            self._device.open()
        except AudioError:
            if is_first:
                logger.warning(
                    "No sound device: speech plays in browsers only, with a"
                    " button on the monitor. TTS_AUDIO=wav writes files."
                )
        else:
            self._output = SeveralOutputs([self._device, self._browser], leader=self._device)
            logger.info("sound goes to %s", self._device.name)
        self._next_look = time.monotonic() + LOOK_SECONDS
