"""Outputs, with a real sound device."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tests.sound import LOUD, RATE, Sink, likeness, read_wav
from tests.tools import wait_until
from ttsmonitor.audio.automatic import AutomaticOutput
from ttsmonitor.audio.base import Output
from ttsmonitor.audio.outputs import make_output
from ttsmonitor.audio.playback import CancelledError, Controls, Playback
from ttsmonitor.audio.pyaudio import PyAudioOutput
from ttsmonitor.exceptions import AudioError
from ttsmonitor.synthesis.base import Block

pytestmark = pytest.mark.sound

STEP = 220
AMPLITUDE = 12_000
SINE_JUMP = AMPLITUDE * 2 * np.pi * 200 / RATE
"""The most by which two neighbouring samples of sine() differ."""


def speech(seconds: float = 1.0, seed: int = 1) -> np.ndarray:
    """Noise of a voice's band, whose correlation with anything else is nearly nothing."""
    noise = np.random.default_rng(seed).normal(0, 12_000, round(seconds * RATE))
    smooth = np.convolve(noise, np.hanning(10) / np.hanning(10).sum(), mode="same")
    return np.clip(smooth, -32000, 32000).astype("<i2")


def sine(seconds: float) -> np.ndarray:
    """A loud tone of 200 Hz, in which every step is heard."""
    return np.asarray(AMPLITUDE * np.sin(2 * np.pi * 200 * np.arange(seconds * RATE) / RATE), "<i2")


def never() -> bool:
    return False


def play(output: Output, samples: np.ndarray, rate: int = RATE) -> None:
    output.begin("test", rate)
    for start in range(0, len(samples), STEP):
        assert output.wait_for_room(never)
        output.write(samples[start : start + STEP].tobytes())


@pytest.fixture
def output() -> Iterator[PyAudioOutput]:
    made = PyAudioOutput()
    yield made
    made.close()


class Talk:
    """A Playback of `samples` on a thread of its own."""

    def __init__(self, output: Output, samples: np.ndarray) -> None:
        self.controls = Controls()
        self.error: Exception | None = None
        self.has_begun = threading.Event()
        self.playback = Playback(output, self.controls, "test", self.has_begun.set)
        self._block = Block(samples.tobytes(), RATE)
        self._thread = threading.Thread(target=self._play)

    def _play(self) -> None:
        try:
            self.playback.play(self._block)
            self.playback.finish()
        except (CancelledError, AudioError) as exc:
            self.error = exc
            self.playback.abandon()

    def wait_for(self, seconds: float) -> None:
        """Until so much has been written to the device."""
        wait_until(lambda: self.playback.seconds > seconds)

    def wait(self, seconds: float = 10) -> None:
        self._thread.join(seconds)
        assert not self._thread.is_alive()


@contextmanager
def talking(output: Output, samples: np.ndarray) -> Iterator[Talk]:
    output.open()
    talk = Talk(output, samples)
    talk._thread.start()
    try:
        yield talk
    finally:
        talk.playback.cancel()
        talk.wait()


def loud_parts(recorded: np.ndarray) -> np.ndarray:
    """First and last index of each part that is not silence."""
    loud = np.flatnonzero(np.abs(recorded) > LOUD)
    breaks = np.flatnonzero(np.diff(loud) > RATE // 20)
    return np.stack([np.r_[loud[0], loud[breaks + 1]], np.r_[loud[breaks], loud[-1]]], axis=1)


def largest_jump(recorded: np.ndarray) -> int:
    return int(np.abs(np.diff(recorded.astype(int))).max())


def test_every_sample_reaches_the_device(sink: Sink, output: PyAudioOutput) -> None:
    samples = speech()
    output.open()
    for _ in range(2):
        play(output, samples)
        output.drain(never)
        output.end()
    wait_until(lambda: sink.is_silent_for(0.3))
    recorded = sink.recorded()
    assert likeness(samples, recorded) > 0.95
    assert likeness(samples[-2205:], recorded) > 0.95, "the end was cut off"
    assert likeness(samples[:2205], recorded) > 0.95, "the beginning was swallowed"
    assert likeness(speech(seed=2), recorded) < 0.2, "the comparison would accept anything"


def test_flush_is_silence_within_50_ms_and_says_what_was_not_heard(
    sink: Sink, output: PyAudioOutput
) -> None:
    output.open()
    play(output, speech(0.8))
    unheard = output.flush()
    wait_until(lambda: sink.is_silent_for(0.3))
    ((first, last),) = loud_parts(sink.recorded())
    assert 0.03 < unheard < 0.3
    assert (last - first) / RATE + unheard == pytest.approx(0.8, abs=0.03)


def test_a_pause_loses_nothing_and_repeats_nothing(sink: Sink, output: PyAudioOutput) -> None:
    samples = speech(1.2)
    with talking(output, samples) as talk:
        talk.wait_for(0.6)
        talk.controls.resumed.clear()
        wait_until(lambda: sink.is_silent_for(0.3))
        talk.controls.resumed.set()
        talk.wait()
    wait_until(lambda: sink.is_silent_for(0.3))
    recorded = sink.recorded()
    third = len(samples) // 3
    assert likeness(samples[:third], recorded) > 0.9
    assert likeness(samples[-third:], recorded) > 0.9
    parts = loud_parts(recorded)
    assert len(parts) == 2
    assert (parts[:, 1] - parts[:, 0]).sum() / RATE == pytest.approx(1.2, abs=0.03)


def test_after_a_pause_the_sound_comes_back_without_a_click(
    sink: Sink, output: PyAudioOutput
) -> None:
    with talking(output, sine(2.0)) as talk:
        for moment in (0.3, 0.6, 0.9, 1.2):
            talk.wait_for(moment)
            talk.controls.resumed.clear()
            wait_until(lambda: sink.is_silent_for(0.1))
            talk.controls.resumed.set()
        talk.wait()
    recorded = sink.recorded()
    starts = loud_parts(recorded)[1:, 0]
    assert len(starts) == 4
    for start in starts:
        assert largest_jump(recorded[start - 100 : start + 1000]) < 1.5 * SINE_JUMP


def test_moving_the_volume_skips_nothing_and_does_not_click(
    sink: Sink, output: PyAudioOutput
) -> None:
    with talking(output, sine(1.5)) as talk:
        for step in range(20):
            talk.wait_for(0.2 + 0.05 * step)
            talk.controls.volume = 0.3 + 0.7 * (step % 2)
        talk.wait()
    wait_until(lambda: sink.is_silent_for(0.3))
    recorded = sink.recorded()
    ((first, last),) = loud_parts(recorded)
    assert (last - first) / RATE == pytest.approx(1.5, abs=0.005)
    assert largest_jump(recorded[first : last + 1]) < 1.5 * SINE_JUMP


def test_mute_is_silence_at_once_and_the_sentence_goes_on_meanwhile(
    sink: Sink, output: PyAudioOutput
) -> None:
    samples = speech(1.2)
    with talking(output, samples) as talk:
        talk.wait_for(0.4)
        muted_at = talk.playback.seconds
        talk.controls.is_muted = True
        talk.wait_for(0.8)
        talk.controls.is_muted = False
        talk.wait()
    wait_until(lambda: sink.is_silent_for(0.3))
    recorded = sink.recorded()
    (first, until), (again, last) = loud_parts(recorded)
    # Without the flush it would be heard for the device's whole buffer.
    assert (until - first) / RATE < muted_at - 0.02
    assert (again - until) / RATE > 0.3
    assert (last - first) / RATE == pytest.approx(1.2, abs=0.1)
    assert likeness(samples[-RATE // 4 :], recorded) > 0.9
    assert largest_jump(recorded[again - 50 : again + 50]) < 3 * LOUD


def test_a_suspended_device_is_given_up_and_does_not_hold_a_stop(
    sink: Sink, output: PyAudioOutput
) -> None:
    output.open()
    sink.suspend(is_suspended=True)
    with talking(output, speech()) as talk:
        assert talk.has_begun.wait(5)
        talk.playback.cancel()
        talk.wait(0.5)
        assert isinstance(talk.error, CancelledError)
    with talking(output, speech()) as talk:
        start = time.monotonic()
        talk.wait(5)
        assert isinstance(talk.error, AudioError) and "suspended" in str(talk.error)
        assert 1.5 < time.monotonic() - start < 4
    with pytest.raises(AudioError, match="suspended"):
        output.open()
    sink.suspend(is_suspended=False)
    output.open()
    assert output.error == ""
    samples = speech()
    with talking(output, samples) as talk:
        talk.wait()
    wait_until(lambda: sink.is_silent_for(0.3))
    assert likeness(samples, sink.recorded()) > 0.9


def test_a_device_that_is_suspended_for_a_moment_goes_on_where_it_was(
    sink: Sink, output: PyAudioOutput
) -> None:
    samples = speech(1.2)
    with talking(output, samples) as talk:
        talk.wait_for(0.5)
        sink.suspend(is_suspended=True)
        held_at = talk.playback.seconds
        time.sleep(1)  # the length of the suspension, not a wait for anything
        assert talk.playback.seconds - held_at < 0.2
        sink.suspend(is_suspended=False)
        talk.wait()
        assert talk.error is None
    wait_until(lambda: sink.is_silent_for(0.3))
    assert likeness(samples[-RATE // 2 :], sink.recorded()) > 0.9


def test_a_device_that_was_unplugged_is_opened_again_when_it_is_back(
    sink: Sink, output: PyAudioOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SINK", sink.name)
    with talking(output, speech(1)) as talk:
        talk.wait_for(0.3)
        sink.unplug()
        talk.wait()  # PulseAudio may have moved it to another device
    with talking(output, speech(1)) as talk:
        talk.wait()
        assert isinstance(talk.error, AudioError)
    with pytest.raises(AudioError, match="no sound device can be used"):
        output.open()
    sink.plug_in()
    output.open()
    assert output.error == ""
    samples = speech()
    with talking(output, samples) as talk:
        talk.wait()
        assert talk.error is None
    wait_until(lambda: sink.is_silent_for(0.3))
    assert likeness(samples, sink.recorded()) > 0.9


class GoneStream:
    """What PyAudio's stream is once its device was pulled out."""

    def __getattr__(self, name: str) -> Callable[..., int]:
        def fail(*args: object, **options: object) -> int:
            raise OSError(-9988, "Stream closed")

        return fail


@pytest.mark.parametrize("act", ["flush", "end", "wake", "close"])
def test_what_silences_a_device_that_is_gone_raises_nothing(
    sink: Sink, output: PyAudioOutput, act: str
) -> None:
    output.open()
    output._stream = GoneStream()
    getattr(output, act)()
    if act != "close":
        assert "went away" in output.error or "wake up" in output.error
        with pytest.raises(AudioError):
            output.write(bytes(2 * STEP))


def test_the_device_is_awake_before_the_voice_is_ready(sink: Sink, output: PyAudioOutput) -> None:
    output.open()
    sink.stop_recording()
    sink.suspend(is_suspended=True)
    sink.suspend(is_suspended=False)
    wait_until(lambda: sink.state != "RUNNING")
    output.wake()
    wait_until(lambda: sink.state == "RUNNING", "the device to wake up", 1)


def test_waking_the_device_adds_nothing_and_delays_nothing(
    sink: Sink, output: PyAudioOutput
) -> None:
    output.open()
    output.wake()
    start = time.monotonic()
    with talking(output, speech(0.4)) as talk:
        wait_until(lambda: (sink.recorded() > LOUD).any())
        assert time.monotonic() - start < 0.09, "all of the silence was played first"
        talk.wait()
    wait_until(lambda: sink.is_silent_for(0.1))
    ((first, last),) = loud_parts(sink.recorded())
    assert (last - first) / RATE == pytest.approx(0.4, abs=0.01)


def test_silence_comes_before_the_first_sound_of_a_device_that_was_idle(sink: Sink) -> None:
    output = PyAudioOutput(preroll_seconds=0.4)
    output.open()
    try:
        waited = []
        for _ in range(2):
            start = time.monotonic()
            sink.forget()
            with talking(output, speech(0.2)) as talk:
                wait_until(lambda: (sink.recorded() > LOUD).any())
                waited.append(time.monotonic() - start)
                talk.wait()
            wait_until(lambda: sink.is_silent_for(0.1))
            ((first, last),) = loud_parts(sink.recorded())
            assert (last - first) / RATE == pytest.approx(0.2, abs=0.01)
    finally:
        output.close()
    assert waited[0] > 0.4
    assert waited[1] < 0.3, "it was not idle any more"


def test_opening_a_device_leaves_standard_error_to_the_others(
    sink: Sink, output: PyAudioOutput, capfd: pytest.CaptureFixture[str]
) -> None:
    is_over = threading.Event()
    written = 0

    def write_lines() -> None:
        nonlocal written
        while not is_over.wait(0.001):
            os.write(2, b"a line\n")
            written += 1

    writer = threading.Thread(target=write_lines)
    writer.start()
    for _ in range(3):
        output.open()
        output.close()
    is_over.set()
    writer.join()
    assert capfd.readouterr().err == "a line\n" * written


def test_a_device_is_chosen_by_name_or_index(sink: Sink) -> None:
    for device in ("pulse", "PULSE", "0"):
        output = PyAudioOutput(device)
        output.open()
        assert "pulse" in output.name
        output.close()


def test_an_unknown_device_is_named_with_the_known_ones(sink: Sink) -> None:
    output = PyAudioOutput("the neighbour's radio")
    with pytest.raises(AudioError, match=r"is none of: .*pulse"):
        output.open()
    assert "neighbour" in output.error
    output.close()


def test_a_stuck_device_holds_a_file_for_a_moment_only(sink: Sink, tmp_path: Path) -> None:
    output = make_output("pyaudio,wav", wav_dir=tmp_path)
    samples = speech(0.5)
    sink.suspend(is_suspended=True)
    try:
        with talking(output, samples) as talk:
            talk.wait(3)
            assert talk.error is None
    finally:
        output.close()
    (path,) = tmp_path.glob("*.wav")
    assert np.array_equal(read_wav(path)[0], samples)
    assert "suspended" in output.error


def test_auto_takes_the_device_where_there_is_one(sink: Sink, tmp_path: Path) -> None:
    output = make_output("auto", wav_dir=tmp_path)
    assert isinstance(output, AutomaticOutput)
    output.open()
    assert output.name.startswith("pyaudio: ") and output.error == ""
    output.close()


def test_auto_goes_on_without_a_device_and_takes_one_that_comes(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ttsmonitor.audio.automatic.LOOK_SECONDS", 0.0)
    monkeypatch.setenv("PULSE_SINK", "not there yet")
    output = make_output("auto", wav_dir=tmp_path)
    output.open()
    assert output.name == "null: no sound device" and output.error == ""
    assert "TTS_AUDIO=wav writes files" in caplog.text
    with talking(output, speech(0.1)) as talk:
        talk.wait()
        assert talk.error is None
    monkeypatch.setenv("PULSE_SINK", sink.name)
    samples = speech(0.5)
    with talking(output, samples) as talk:
        talk.wait()
    output.close()
    assert output.name.startswith("pyaudio: ")
    wait_until(lambda: sink.is_silent_for(0.2))
    assert likeness(samples, sink.recorded()) > 0.9
