"""Several outputs as one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from ttsmirror.reasons import Reason, join_reasons, reason_of
from ttsmonitor.audio.base import PATIENCE_SECONDS, Output, Pace
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
HELD_SECONDS = 0.5
"""Time that the others wait for a device that takes no sound, such as one in standby."""


class SeveralOutputs:
    """Outputs that play the same; one that fails is left out while another plays.

    One of them sets the pace, and only that one is waited for. With a `leader`, none plays without
    it: the others hear along.
    """

    def __init__(self, outputs: Sequence[Output], leader: Output | None = None) -> None:
        self._outputs = outputs
        self._leader = leader
        self._playing: list[Output] = []
        self._away: list[Output] = []  # the failed outputs that were logged
        self._next_look = 0.0

    @property
    def name(self) -> str:
        """The name that the pages show."""
        return ", ".join(output.name for output in self._outputs)

    @property
    def error(self) -> str:
        """Why it cannot play now; empty when it can."""
        return join_reasons(output.error for output in self._outputs)

    @property
    def pace(self) -> Pace:
        """How it knows time."""
        return max(output.pace for output in self._outputs)

    @property
    def has_audience(self) -> bool:
        """True if one of those that can play reaches somebody."""
        return any(output.has_audience for output in self._outputs if not output.error)

    @property
    def buffered_seconds(self) -> float:
        """Length of the sound that is not heard yet, in seconds: the one with most counts."""
        return max((output.buffered_seconds for output in self._playing), default=0.0)

    def open(self) -> None:
        """Get ready to play. Raises AudioError that says what to do."""
        whole = [output for output in self._outputs if not output.error]
        if not whole or time.monotonic() >= self._next_look:
            # Not each time: the others would wait a tenth of a second for it.
            self._next_look = time.monotonic() + LOOK_SECONDS
            whole = list(self._outputs)
        self._playing = whole
        self._each(lambda output: output.open())

    def wake(self) -> None:
        """Prepare for an utterance that is being synthesized."""
        for output in self._outputs:
            output.wake()

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        """Start an utterance of 16-bit mono at `sample_rate` samples per second."""
        self._playing = [output for output in self._outputs if not output.error]
        if not self._can_play:
            raise AudioError(self.error)
        self._each(lambda output: output.begin(utterance_id, sample_rate))
        self._away = [output for output in self._away if output not in self._playing]

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        """Wait until a slice can be written; return False if `is_over()` came first."""
        while True:
            keeper = self._keeper
            is_needed = len(self._playing) == 1 or keeper is self._leader
            patience = patience_seconds if is_needed else HELD_SECONDS
            try:
                return keeper.wait_for_room(is_over, patience)
            except AudioError as exc:
                self._leave_out([(keeper, exc)])

    def write(self, pcm: bytes) -> None:
        """Play a slice."""
        self._each(lambda output: output.write(pcm))

    def flush(self) -> float:
        # Sound that one of them dropped is written again to all, so the others drop it too.
        """Drop sound that was written but not heard; return its length in seconds."""
        most = max((output.flush() for output in self._playing), default=0.0)
        for output in self._playing:
            output.rewind(most)
        return most

    def rewind(self, seconds: float) -> None:
        """Note that the last `seconds` will be written again."""
        pass  # flush() has done it

    def drain(self, is_over: Callable[[], bool]) -> None:
        """Wait until everything has been heard, or until `is_over()`."""
        try:
            self._keeper.drain(is_over)
        except AudioError as exc:
            self._leave_out([(self._keeper, exc)])

    def end(self) -> None:
        """Finish the utterance."""
        self._each(lambda output: output.end())

    def close(self) -> None:
        """Release the device. Idempotent."""
        for output in self._outputs:
            output.close()

    @property
    def _can_play(self) -> bool:
        return bool(self._playing) and self._leader in (None, *self._playing)

    @property
    def _keeper(self) -> Output:
        if not self._playing:
            raise AudioError(Reason("no utterance has begun"))
        return max(self._playing, key=lambda output: output.pace)

    def _each(self, act: Callable[[Output], None]) -> None:
        failed = []
        for output in list(self._playing):
            try:
                act(output)
            except AudioError as exc:
                failed.append((output, exc))
        self._leave_out(failed)

    def _leave_out(self, failed: Sequence[tuple[Output, AudioError]]) -> None:
        """Go on with the others. Raises AudioError if they do not play."""
        for output, _exc in failed:
            self._playing.remove(output)
            with suppress(AudioError):
                output.end()
        if failed and not self._can_play:
            raise AudioError(join_reasons(reason_of(exc) for _output, exc in failed))
        for output, exc in failed:
            if output not in self._away:
                self._away.append(output)
                logger.warning("%s is unavailable: %s", output.name, exc)
