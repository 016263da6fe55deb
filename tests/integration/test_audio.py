"""Audio outputs with a real sound device."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.sound import (
    LOUD,
    RATE,
    Sink,
    likeness,
    read_wav,
)
from tests.support.talk import (
    STEP,
    loud_parts,
    never,
    play,
    speech,
    talking,
)
from tests.support.tools import wait_until
from ttsmonitor.audio.automatic import AutomaticOutput
from ttsmonitor.audio.browser import BrowserOutput, Sound
from ttsmonitor.audio.browser import Listener as BrowserListener
from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.audio.devices import list_devices
from ttsmonitor.audio.outputs import make_output
from ttsmonitor.audio.playback import CancelledError
from ttsmonitor.audio.pyaudio import PyAudioOutput
from ttsmonitor.audio.several import SeveralOutputs
from ttsmonitor.exceptions import AudioError

pytestmark = [pytest.mark.sound, pytest.mark.quiet]


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


def test_suspended_device_times_out_and_does_not_delay_stop(
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


def test_playback_resumes_after_short_suspension(sink: Sink, output: PyAudioOutput) -> None:
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


def test_unplugged_device_is_reopened_when_plugged_in(
    sink: Sink, output: PyAudioOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SINK", sink.name)
    with talking(output, speech(1)) as talk:
        talk.wait_for(0.3)
        sink.unplug()
        talk.wait()  # PulseAudio may have moved it to another device
    with pytest.raises(AudioError):
        output.open()
        output.begin("test", RATE)
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
    """A PyAudio stream whose device was unplugged."""

    def __getattr__(self, name: str) -> Callable[..., int]:
        def fail(*args: object, **options: object) -> int:
            raise OSError(-9988, "Stream closed")

        return fail


@pytest.mark.parametrize("act", ["flush", "end", "wake", "close"])
def test_calls_on_lost_device_set_error_without_raising(
    sink: Sink, output: PyAudioOutput, act: str
) -> None:
    output.open()
    output._stream._stream = GoneStream()
    getattr(output, act)()
    if act != "close":
        assert "was disconnected" in output.error or "wake up" in output.error
        with pytest.raises(AudioError):
            output.write(bytes(2 * STEP))


def test_device_is_awake_before_the_voice_is_ready(sink: Sink, output: PyAudioOutput) -> None:
    output.open()
    sink.stop_recording()
    sink.suspend(is_suspended=True)
    sink.suspend(is_suspended=False)
    wait_until(lambda: sink.state != "RUNNING")
    output.wake()
    wait_until(lambda: sink.state == "RUNNING", "the device to wake up", 1)


def test_waking_the_device_adds_no_sound_and_no_delay(sink: Sink, output: PyAudioOutput) -> None:
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


def test_sound_starts_in_its_prepared_stream(
    sink: Sink, output: PyAudioOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[int] = []
    restart = output._stream.restart

    def counted() -> None:
        starts.append(1)
        restart()

    monkeypatch.setattr(output._stream, "restart", counted)
    output.open()
    play(output, speech(0.2))
    output.drain(never)
    output.end()
    before, samples = len(starts), speech(0.4, seed=3)
    output.wake()
    play(output, samples)
    output.drain(never)
    output.end()
    assert len(starts) == before + 1, "it was started again when the voice was ready"
    wait_until(lambda: sink.is_silent_for(0.3))
    assert likeness(samples, sink.recorded()) > 0.95


@pytest.mark.parametrize("act", ["flush", "end", "wake"])
def test_unused_prepared_stream_leaves_next_sound_unchanged(
    sink: Sink, output: PyAudioOutput, act: str
) -> None:
    output.open()
    play(output, speech(0.2))
    output.drain(never)
    output.end()
    wait_until(lambda: sink.is_silent_for(0.2))
    sink.forget()
    output.wake()
    assert getattr(output, act)() in (None, 0.0)
    samples = speech(0.4, seed=3)
    play(output, samples, rate=16_000)  # not the prepared rate
    output.drain(never)
    output.end()
    wait_until(lambda: sink.is_silent_for(0.3))
    ((first, last),) = loud_parts(sink.recorded())
    assert (last - first) / RATE == pytest.approx(len(samples) / 16_000, abs=0.01)


def test_idle_device_gets_silence_before_first_sound(sink: Sink) -> None:
    output = PyAudioOutput(DeviceChoice(preroll_seconds=0.4))
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


def test_opening_a_device_does_not_swallow_standard_error(
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


def test_device_is_chosen_by_name_or_index(sink: Sink) -> None:
    for device in ("pulse", "PULSE", "0"):
        output = PyAudioOutput(DeviceChoice(device))
        output.open()
        assert "pulse" in output.name
        output.close()


def test_unknown_device_is_named_with_the_known_ones(sink: Sink) -> None:
    output = PyAudioOutput(DeviceChoice("the neighbour's radio"))
    with pytest.raises(AudioError, match=r"there are: .*pulse"):
        output.open()
    assert "neighbour" in output.error
    output.close()


def test_stuck_device_delays_wav_file_only_briefly(sink: Sink, tmp_path: Path) -> None:
    output = make_output("pyaudio,wav", browser=BrowserOutput(), wav_dir=tmp_path)
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


def test_auto_uses_the_available_device(sink: Sink, tmp_path: Path) -> None:
    output = make_output("auto", browser=BrowserOutput(), wav_dir=tmp_path)
    assert isinstance(output, AutomaticOutput)
    output.open()
    assert output.name.startswith("pyaudio: ") and output.error == ""
    output.close()


def test_auto_plays_without_device_and_adopts_a_new_one(
    sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("ttsmonitor.audio.automatic.LOOK_SECONDS", 0.0)
    monkeypatch.setenv("PULSE_SINK", "not there yet")
    output = make_output("auto", browser=BrowserOutput(), wav_dir=tmp_path)
    output.open()
    assert output.name == "browser: no sound device" and output.error == ""
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


def test_browsers_hear_every_sample_after_a_device_pause(sink: Sink) -> None:
    device, browser = PyAudioOutput(), BrowserOutput()
    output, samples = SeveralOutputs([device, browser], leader=device), speech(0.8)
    listeners: list[BrowserListener] = []
    heard = np.zeros(0, dtype="<i2")
    taken_back = 0

    def hear() -> None:
        nonlocal heard, taken_back
        for event in [event for each in listeners for event in each.take()]:
            if isinstance(event, Sound):
                taken_back += len(heard) - event.position
                heard = np.r_[heard[: event.position], np.frombuffer(event.pcm, "<i2")]

    listeners.append(browser.listen(hear))
    try:
        with talking(output, samples) as talk:
            talk.wait_for(0.3)
            talk.controls.resumed.clear()
            wait_until(lambda: sink.is_silent_for(0.1))
            talk.controls.resumed.set()
            talk.wait()
    finally:
        device.close()
    assert np.array_equal(heard, samples) and 0 < taken_back < 0.25 * RATE


def test_another_device_is_played_on_after_the_choice(make_sink: Callable[[], Sink]) -> None:
    make_sink()
    choice = DeviceChoice("the neighbour's radio")
    output = PyAudioOutput(choice)
    with pytest.raises(AudioError, match="no sound device the neighbour's radio"):
        output.open()
    choice.name = "pulse"
    output.open()
    assert output.name == "pyaudio: pulse" and output.error == ""
    output.close()


def test_devices_are_listed_with_the_default_one_first(sink: Sink) -> None:
    default, *others = list_devices()
    assert default.is_default and not any(each.is_default for each in others)
    assert "pulse" in {default.name, *(each.name for each in others)}
