"""Outputs without a real device: pace, failures, and gain."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.fakes import RATE, FakeOutput
from tests.support.sound import read_wav
from ttsmonitor.audio.automatic import AutomaticOutput
from ttsmonitor.audio.base import PATIENCE_SECONDS, Output, Pace
from ttsmonitor.audio.browser import BrowserOutput, Sound
from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.audio.levels import apply_gain
from ttsmonitor.audio.null import NullOutput
from ttsmonitor.audio.outputs import OUTPUTS, OutputKind, is_for_browsers, make_output
from ttsmonitor.audio.playback import CancelledError, Controls, Playback
from ttsmonitor.audio.several import SeveralOutputs
from ttsmonitor.audio.wav import WavOutput
from ttsmonitor.checks import check_settings
from ttsmonitor.exceptions import AudioError
from ttsmonitor.synthesis.base import Block

SLICE = bytes(2 * (RATE // 100))


def never() -> bool:
    return False


def speak(output: Output, seconds: float) -> float:
    """Play this many seconds of sound. Return how long it took."""
    start = time.monotonic()
    playback = Playback(output, Controls(), "test", lambda: None)
    playback.play(Block(b"\1\0" * round(seconds * RATE), RATE))
    playback.finish()
    return time.monotonic() - start


class StuckOutput(FakeOutput):
    """A device that accepts no sound and records the timeout it got."""

    def wait_for_room(
        self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
    ) -> bool:
        self.patience_seconds = patience_seconds
        self.error = "stuck"
        raise AudioError(self.error)


def test_null_output_takes_as_long_as_the_sound() -> None:
    # One sleep per slice would add up to a measurable delay.
    assert speak(NullOutput(), 1.0) == pytest.approx(1.0, abs=0.05)


def test_null_output_is_cancelled_at_once() -> None:
    output = NullOutput()
    output.begin("test", RATE)
    output.write(bytes(2 * 10 * RATE))
    start = time.monotonic()
    assert not output.wait_for_room(lambda: time.monotonic() - start > 0.02)
    assert time.monotonic() - start < 1


def test_device_sets_the_pace_of_several_outputs() -> None:
    device = FakeOutput()
    output = SeveralOutputs([NullOutput(), device])
    output.open()
    assert speak(output, 5.0) < 1, "the clock was waited for, though there is a device"
    assert len(device.pcm) == 5 * 2 * RATE
    assert output.pace == Pace.DEVICE


def test_stuck_device_is_dropped_while_others_play(tmp_path: Path) -> None:
    device = StuckOutput()
    output = SeveralOutputs([device, WavOutput(tmp_path), NullOutput()])
    output.open()
    assert speak(output, 0.2) == pytest.approx(0.2, abs=0.05), "nobody kept the time"
    assert device.patience_seconds <= 0.5
    assert output.error == "stuck"
    assert device.events[-1] == "end", "it would go on with old sound when it comes back"
    (path,) = tmp_path.glob("*.wav")
    assert len(read_wav(path)[0]) == round(0.2 * RATE)


def test_stuck_single_device_fails_after_its_timeout() -> None:
    device = StuckOutput()
    output = SeveralOutputs([device])
    output.open()
    with pytest.raises(AudioError, match="stuck"):
        speak(output, 0.2)
    assert device.patience_seconds == PATIENCE_SECONDS


def test_failed_output_is_retried_after_an_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("ttsmonitor.audio.several.time.monotonic", lambda: now)
    opened: list[str] = []

    class Opened(FakeOutput):
        def open(self) -> None:
            opened.append(self.name)

    output = SeveralOutputs([Opened(name="gone", error="gone"), Opened(name="good")])
    for expected in (["gone", "good"], ["good"], ["good"]):
        opened.clear()
        output.open()
        assert opened == expected
    now += 6
    opened.clear()
    output.open()
    assert opened == ["gone", "good"]


def test_failing_output_does_not_silence_the_other(
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("not a directory")
    output = SeveralOutputs([WavOutput(blocked / "x"), WavOutput(tmp_path / "good")])
    output.open()
    speak(output, 0.1)
    assert len(list((tmp_path / "good").glob("*.wav"))) == 1
    lonely = SeveralOutputs([WavOutput(blocked / "x")])
    with pytest.raises(AudioError, match="cannot be written"):
        lonely.open()


def test_samples_dropped_by_device_are_rewritten_to_all(tmp_path: Path) -> None:
    device = FakeOutput(unheard_seconds=0.025)
    output = SeveralOutputs([device, WavOutput(tmp_path)])
    playback = Playback(output, Controls(), "test", lambda: None)
    sound = np.arange(1, RATE // 10, dtype="<i2")
    playback.play(Block(sound.tobytes(), RATE))
    playback._take_back()  # like a pause
    playback.finish()
    (path,) = tmp_path.glob("*.wav")
    assert np.array_equal(read_wav(path)[0], sound), "not to the sample"


def test_missing_output_is_logged_once_per_outage(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.audio.several.LOOK_SECONDS", 0.0)
    away = FakeOutput(name="usb", broken=True, error="no device")
    output = SeveralOutputs([away, NullOutput()])

    def told() -> list[str]:
        output.open()
        output.begin("an-id", RATE)
        output.end()
        return [record.message for record in caplog.records]

    assert [told(), told()] == [["usb is unavailable: no device"]] * 2
    away.broken, away.error = False, ""
    assert len(told()) == 1
    away.broken, away.error = True, "no device"
    assert told() == ["usb is unavailable: no device"] * 2


def test_auto_keeps_pace_until_a_device_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmonitor.audio.automatic.LOOK_SECONDS", 0.0)
    device = FakeOutput(broken=True, error="no device")
    output = AutomaticOutput(device, BrowserOutput())
    assert output.error == "not opened yet"
    output.open()
    assert (output.name, output.error) == ("browser: no sound device", "")
    assert speak(output, 0.05) == pytest.approx(0.05, abs=0.04)
    device.broken, device.error = False, ""
    output.open()
    assert (output.name, output.error) == ("fake", "")
    speak(output, 0.1)
    assert len(device.pcm) == round(0.2 * RATE)


def test_auto_is_heard_in_browsers_with_a_device_and_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ttsmonitor.audio.automatic.LOOK_SECONDS", 0.0)
    device, browser = FakeOutput(broken=True, error="no device"), BrowserOutput()
    output = AutomaticOutput(device, browser)
    listener = browser.listen(lambda: None)
    for device.broken in (True, False):
        device.error = "no device" if device.broken else ""
        output.open()
        speak(output, 0.05)
        heard = b"".join(each.pcm for each in listener.take() if isinstance(each, Sound))
        assert len(heard) == 2 * round(0.05 * RATE)


def test_auto_has_an_audience_with_a_listener_or_a_device() -> None:
    device, browser = FakeOutput(broken=True, error="none"), BrowserOutput()
    output = AutomaticOutput(device, browser)
    output.open()
    assert not output.has_audience
    listener = browser.listen(lambda: None)
    assert output.has_audience
    browser.forget(listener)
    assert not output.has_audience
    device.broken, device.error, output._next_look = False, "", 0.0
    output.open()
    assert output.has_audience


def test_auto_fails_after_device_loss_despite_browsers() -> None:
    device, browser = FakeOutput(), BrowserOutput()
    output = AutomaticOutput(device, browser)
    output.open()
    speak(output, 0.05)
    device.error = "unplugged"
    listener = browser.listen(lambda: None)
    with pytest.raises(AudioError, match="unplugged"):
        output.begin("test", RATE)
    assert listener.take() == []


def test_leading_device_gets_the_full_timeout() -> None:
    device = StuckOutput()
    output = SeveralOutputs([device, BrowserOutput()], leader=device)
    with pytest.raises(AudioError, match="stuck"):
        speak(output, 0.2)
    assert device.patience_seconds == PATIENCE_SECONDS


def test_auto_reports_a_lost_device() -> None:
    device = FakeOutput()
    output = AutomaticOutput(device, BrowserOutput())
    output.open()
    device.broken, device.error = True, "unplugged"
    with pytest.raises(AudioError):
        output.open()
    assert output.error == "unplugged"


def test_auto_searches_for_a_device_at_intervals() -> None:
    looks = []

    class Looked(FakeOutput):
        def open(self) -> None:
            looks.append(1)
            raise AudioError("none")

    output = AutomaticOutput(Looked(error="none"), BrowserOutput())
    for _ in range(3):
        output.open()
    assert len(looks) == 1


def test_names_make_outputs(tmp_path: Path) -> None:
    browser = BrowserOutput()

    def made(names: str) -> Output:
        return make_output(names, browser=browser, wav_dir=tmp_path)

    assert isinstance(made("null"), NullOutput)
    assert made("browser") is browser
    assert isinstance(made("auto"), AutomaticOutput)
    assert isinstance(made("wav, null"), SeveralOutputs)
    assert made("pyaudio,browser, browser").name == "pyaudio: default, browser"


def test_registered_output_is_made_and_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeOutput()
    monkeypatch.setenv("TTS_AUDIO", "fake, null")
    (error,) = check_settings()
    assert error.hint == "Give one of auto, pyaudio, browser, wav, null."
    monkeypatch.setitem(OUTPUTS, "fake", OutputKind(lambda options: fake, is_for_browsers=True))
    assert check_settings() == []
    assert is_for_browsers("fake, null")
    assert make_output("fake", browser=BrowserOutput(), wav_dir=tmp_path) is fake


@pytest.mark.parametrize(
    ("names", "is_heard"),
    [("auto", True), ("browser", True), ("pyaudio, browser", True), ("pyaudio,wav", False)],
)
def test_audio_setting_decides_whether_browsers_hear(names: str, is_heard: bool) -> None:
    assert is_for_browsers(names) is is_heard


def test_gain_changes_gradually_within_a_slice() -> None:
    loud = np.full(100, 10_000, "<i2")
    down = np.frombuffer(apply_gain(loud.tobytes(), 1.0, 0.5), "<i2").astype(int)
    assert down[0] == 10_000 and down[-1] == 5_000
    assert np.abs(np.diff(down)).max() < 60
    assert apply_gain(loud.tobytes(), 1.0, 1.0) == loud.tobytes()
    assert set(np.frombuffer(apply_gain(loud.tobytes(), 4.0, 4.0), "<i2")) == {32_767}


def test_volume_change_applies_from_next_slice_without_flush() -> None:
    output, controls = FakeOutput(), Controls()

    def turn_down() -> None:
        controls.volume = 0.5

    playback = Playback(output, controls, "test", turn_down)
    playback.play(Block(np.full(4 * 220, 1000, "<i2").tobytes(), RATE))
    playback.finish()
    heard = np.frombuffer(output.pcm, "<i2")
    assert "flush" not in output.events
    assert (heard[:220] == 1000).all() and (heard[440:] == 500).all()
    assert (np.diff(heard[220:440]) <= 0).all()


def test_mute_flushes_and_unmute_comes_up_from_silence() -> None:
    output, controls = FakeOutput(unheard_seconds=0.01), Controls()

    def mute() -> None:
        controls.is_muted = True

    playback = Playback(output, controls, "test", mute)
    playback.play(Block(np.full(4 * 220, 1000, "<i2").tobytes(), RATE))
    assert "flush" in output.events
    assert not np.frombuffer(output.pcm, "<i2").any()
    controls.is_muted = False
    playback.play(Block(np.full(2 * 220, 1000, "<i2").tobytes(), RATE))
    playback.finish()
    heard = np.frombuffer(output.pcm, "<i2")[4 * 220 :]
    assert len(heard) == 2 * 220
    assert heard[0] == 0 and heard[219] == 1000 and (heard[220:] == 1000).all()


def test_cancelled_utterance_does_not_wait_for_a_full_device() -> None:
    class Full(FakeOutput):
        def wait_for_room(
            self, is_over: Callable[[], bool], patience_seconds: float = PATIENCE_SECONDS
        ) -> bool:
            playback.cancel()
            assert is_over()
            return False

    output = Full()
    playback = Playback(output, Controls(), "test", lambda: None)
    with pytest.raises(CancelledError):
        playback.play(Block(SLICE, RATE))
    assert output.pcm == b""


def test_utterance_is_ended_though_flush_fails() -> None:
    class Broken(FakeOutput):
        def flush(self) -> float:
            raise ZeroDivisionError

    output = Broken()
    with pytest.raises(ZeroDivisionError):
        Playback(output, Controls(), "test", lambda: None).abandon()
    assert output.events == ["end"]


def test_auto_looks_at_once_for_another_chosen_device() -> None:
    device, choice = FakeOutput(broken=True, error="no device"), DeviceChoice("USB")
    output = AutomaticOutput(device, BrowserOutput(), choice)
    output.open()
    device.broken, device.error = False, ""
    output.open()
    assert output.name == "browser: no sound device", "the next search is not due"
    choice.name = "pulse"
    output.open()
    assert output.name == "fake"
