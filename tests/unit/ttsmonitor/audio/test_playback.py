"""Playback on a device that is lost during an utterance."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from tests.support.fakes import RATE, FakeOutput
from tests.support.tools import wait_until
from ttsmonitor.audio.automatic import AutomaticOutput
from ttsmonitor.audio.base import Output, Pace
from ttsmonitor.audio.browser import BrowserOutput, End, Silence, Sound, Start
from ttsmonitor.audio.playback import AGAIN_SECONDS, CancelledError, Controls, Playback
from ttsmonitor.exceptions import AudioError
from ttsmonitor.synthesis.base import Block

SOUND = (np.arange(RATE) + 1).astype("<i2")
"""A second in which no two samples are the same."""
SLICE = RATE // 100


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmonitor.audio.playback.RETRY_SECONDS", 0.01)


@dataclass
class MortalOutput(FakeOutput):
    """A device that fails after this many seconds of sound."""

    seconds: float = 0.8

    def open(self) -> None:
        super().open()
        self.error = ""

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        self._live()
        super().begin(utterance_id, sample_rate)

    def write(self, pcm: bytes) -> None:
        if len(self.pcm) >= 2 * round(self.seconds * RATE):
            self.broken = True
        self._live()
        super().write(pcm)

    def drain(self, is_over: Callable[[], bool]) -> None:
        self._live()
        super().drain(is_over)

    def mend(self, seconds: float = 60.0) -> None:
        self.broken, self.seconds = False, seconds

    @property
    def samples(self) -> np.ndarray:
        return np.frombuffer(self.pcm, "<i2")

    def _live(self) -> None:
        if self.broken:
            self.error = "unplugged"
            raise AudioError(self.error)


class Speech:
    """Playback of SOUND on its own thread."""

    def __init__(self, output: Output, patience_seconds: float = 60) -> None:
        self.controls, self.told = Controls(), list[bool]()
        self.error: Exception | None = None
        self.playback = Playback(
            output,
            self.controls,
            "an-id",
            lambda: None,
            on_away=self.told.append,
            patience_seconds=patience_seconds,
        )
        self.thread = threading.Thread(target=self._play)

    def wait(self) -> None:
        self.thread.join(5)
        assert not self.thread.is_alive()

    def _play(self) -> None:
        try:
            self.playback.play(Block(SOUND.tobytes(), RATE))
            self.playback.finish()
        except (CancelledError, AudioError) as exc:
            self.error = exc


@contextmanager
def speaking(output: Output, patience_seconds: float = 60) -> Iterator[Speech]:
    speech = Speech(output, patience_seconds)
    output.open()
    speech.thread.start()
    yield speech
    speech.playback.cancel()
    speech.wait()


def test_playback_resumes_shortly_before_the_cut(
    caplog: pytest.LogCaptureFixture,
) -> None:
    device = MortalOutput()
    with speaking(device) as speech:
        wait_until(lambda: speech.playback.is_away)
        before = len(device.samples)
        device.mend()
        speech.wait()
    first, again = device.samples[:before], device.samples[before:]
    assert np.array_equal(first, SOUND[:before])
    start = len(SOUND) - len(again)
    assert before - start == pytest.approx(AGAIN_SECONDS * RATE, abs=1.1 * SLICE)
    assert again[0] == 0 and (np.diff(again[:SLICE].astype(int)) >= 0).all()
    assert np.array_equal(again[SLICE:], SOUND[start + SLICE :])
    assert (speech.error, speech.told) == (None, [True, False])
    assert speech.playback.seconds == 1.0, "what was said again counts twice"
    assert caplog.messages.count("utterance an-id waits for the sound device") == 1


def test_playback_survives_repeated_device_losses() -> None:
    device = MortalOutput(seconds=0.3)
    with speaking(device) as speech:
        for told, seconds in ((1, 0.31), (3, 1.2), (5, 60)):
            wait_until(lambda: len(speech.told) == told)  # noqa: B023
            device.mend(seconds)
        speech.wait()
    assert (speech.error, speech.told) == (None, [True, False] * 3)
    assert np.array_equal(device.samples[-RATE // 2 :], SOUND[-RATE // 2 :])


def test_end_is_repeated_after_loss_while_draining() -> None:
    device = MortalOutput(seconds=60)

    def die(is_over: Callable[[], bool]) -> None:
        del device.drain
        device.broken = True
        device.drain(is_over)

    device.drain = die  # type: ignore[method-assign]
    with speaking(device) as speech:
        wait_until(lambda: speech.playback.is_away)
        device.mend()
        speech.wait()
    assert speech.error is None and len(device.samples) == 1.5 * RATE
    assert device.events[-2:] == ["drain", "end"]


def test_cancel_does_not_wait_for_the_lost_device() -> None:
    with speaking(MortalOutput()) as speech:
        wait_until(lambda: speech.playback.is_away)
        start = time.monotonic()
        speech.playback.cancel()
        speech.wait()
        assert time.monotonic() - start < 0.2
    assert isinstance(speech.error, CancelledError)


def test_pause_during_outage_holds_after_return() -> None:
    device = MortalOutput()
    with speaking(device) as speech:
        wait_until(lambda: speech.playback.is_away)
        before = len(device.pcm)
        speech.controls.resumed.clear()
        device.mend()
        wait_until(lambda: not speech.playback.is_away)
        assert len(device.pcm) == before
        speech.controls.resumed.set()
        speech.wait()
    assert np.array_equal(device.samples[-RATE // 4 :], SOUND[-RATE // 4 :])


def test_playback_fails_when_device_does_not_return() -> None:
    with speaking(MortalOutput(), patience_seconds=0.05) as speech:
        speech.wait()
    assert isinstance(speech.error, AudioError) and str(speech.error) == "unplugged"


def test_pause_may_outlast_the_device_timeout() -> None:
    device, tries = MortalOutput(), []
    mend, real = threading.Event(), device.open
    with speaking(device, patience_seconds=0.05) as speech:
        speech.controls.resumed.clear()
        wait_until(lambda: speech.playback.is_away)

        def open_later() -> None:
            tries.append(time.monotonic())
            if mend.is_set():
                device.mend()
            real()

        device.open = open_later  # type: ignore[method-assign]
        wait_until(lambda: tries and tries[-1] - tries[0] > 0.2)
        mend.set()
        wait_until(lambda: not speech.playback.is_away)
        speech.controls.resumed.set()
        speech.wait()
    assert speech.error is None


@pytest.mark.parametrize(
    "output",
    [MortalOutput(seconds=0.1), MortalOutput(pace=Pace.NONE)],
    ids=["a device of which nothing was heard", "a file"],
)
def test_unheard_device_or_file_is_not_awaited(output: MortalOutput) -> None:
    with speaking(output) as speech:
        speech.wait()
    assert isinstance(speech.error, AudioError) and speech.told == []


def test_browsers_are_silent_during_outage_and_hear_the_rest() -> None:
    device, browser = MortalOutput(), BrowserOutput()
    listener = browser.listen(lambda: None)
    with speaking(AutomaticOutput(device, browser)) as speech:
        wait_until(lambda: speech.playback.is_away)
        first = [event for event in listener.take() if not isinstance(event, Sound)]
        assert first == [Start("an-id", RATE), Silence(), End()]
        device.mend()
        speech.wait()
    events = listener.take()
    assert isinstance(events[0], Start) and isinstance(events[-1], End)
    heard = b"".join(event.pcm for event in events if isinstance(event, Sound))
    assert np.array_equal(np.frombuffer(heard, "<i2")[SLICE:], SOUND[-len(heard) // 2 + SLICE :])
