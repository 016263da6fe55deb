"""Outputs, with a real sound device."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from tests.sound import LOUD, RATE, Sink, likeness, read_wav
from tests.tools import wait_until
from ttsmonitor.audio.null import NullOutput
from ttsmonitor.audio.outputs import SeveralOutputs, make_output
from ttsmonitor.audio.playback import Controls, Playback
from ttsmonitor.audio.pyaudio import PyAudioOutput
from ttsmonitor.audio.wav import WavOutput
from ttsmonitor.exceptions import AudioError
from ttsmonitor.synthesis.base import Block

pytestmark = pytest.mark.sound


def speech(seconds: float = 1.0, seed: int = 1) -> np.ndarray:
    """Noise of a voice's band, whose correlation with anything else is nearly nothing."""
    noise = np.random.default_rng(seed).normal(0, 12_000, round(seconds * RATE))
    smooth = np.convolve(noise, np.hanning(10) / np.hanning(10).sum(), mode="same")
    return np.clip(smooth, -32000, 32000).astype("<i2")


def play(output: PyAudioOutput | SeveralOutputs, samples: np.ndarray, rate: int = RATE) -> None:
    output.begin("test", rate)
    data = samples.tobytes()
    for start in range(0, len(data), 441 * 2):
        output.write(data[start : start + 441 * 2])


def test_every_sample_reaches_the_device(sink: Sink) -> None:
    output = PyAudioOutput()
    samples = speech()
    try:
        for _ in range(2):
            play(output, samples)
            output.drain(lambda: False)
            output.end()
        wait_until(lambda: sink.is_silent_for(0.3))
    finally:
        output.close()
    recorded = sink.recorded()
    assert likeness(samples, recorded) > 0.95
    assert likeness(samples[-2205:], recorded) > 0.95, "the end was cut off"
    assert likeness(samples[:2205], recorded) > 0.95, "the beginning was swallowed"
    assert likeness(speech(seed=2), recorded) < 0.2, "the comparison would accept anything"


def test_flush_is_silence_within_50_ms_and_says_what_was_not_heard(sink: Sink) -> None:
    output = PyAudioOutput()
    samples = speech(0.8)
    try:
        play(output, samples)
        unheard = output.flush()
        wait_until(lambda: sink.is_silent_for(0.3))
    finally:
        output.close()
    loud = np.flatnonzero(np.abs(sink.recorded()) > LOUD)
    heard = (loud[-1] - loud[0]) / RATE
    assert 0.03 < unheard < 0.3
    assert heard + unheard == pytest.approx(0.8, abs=0.05)


def test_a_pause_loses_nothing_and_repeats_nothing(sink: Sink) -> None:
    output, controls, samples = PyAudioOutput(), Controls(), speech(1.2)
    playback = Playback(output, controls, "test", lambda: None)
    block = Block(samples.tobytes(), RATE)

    def play_it() -> None:
        playback.play(block)
        playback.finish()

    playing = threading.Thread(target=play_it)
    try:
        playing.start()
        wait_until(lambda: playback.seconds > 0.6)
        controls.resumed.clear()
        wait_until(lambda: sink.is_silent_for(0.3))
        controls.resumed.set()
        playing.join(10)
        wait_until(lambda: sink.is_silent_for(0.3))
    finally:
        output.close()
    recorded = sink.recorded()
    third = len(samples) // 3
    assert likeness(samples[:third], recorded) > 0.9
    assert likeness(samples[-third:], recorded) > 0.9
    loud = np.abs(recorded) > LOUD
    played = np.convolve(loud, np.ones(220), mode="same") > 0
    assert played.sum() / RATE == pytest.approx(1.2, abs=0.06)


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


def test_wav_files_hold_what_was_played(tmp_path: Path) -> None:
    output = WavOutput(tmp_path / "new" / "directory")
    output.open()
    samples = speech(0.2)
    output.begin("an-id", 16_000)
    output.write(samples.tobytes())
    output.end()
    (path,) = (tmp_path / "new" / "directory").glob("*-an-id.wav")
    written, rate = read_wav(path)
    assert rate == 16_000 and np.array_equal(written, samples)


def test_several_play_the_same_and_one_that_fails_does_not_silence_the_other(
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("not a directory")
    output = SeveralOutputs([WavOutput(blocked / "x"), WavOutput(tmp_path / "good")])
    samples = speech(0.1)
    output.open()
    play(output, samples)
    output.end()
    assert len(list((tmp_path / "good").glob("*.wav"))) == 1
    lonely = SeveralOutputs([WavOutput(blocked / "x")])
    with pytest.raises(AudioError, match="cannot be made"):
        lonely.open()


def test_names_make_outputs(tmp_path: Path) -> None:
    assert isinstance(make_output("null", wav_dir=tmp_path), NullOutput)
    assert isinstance(make_output("wav, null", wav_dir=tmp_path), SeveralOutputs)


def test_auto_takes_the_device_where_there_is_one(sink: Sink, tmp_path: Path) -> None:
    output = make_output("auto", wav_dir=tmp_path)
    assert isinstance(output, PyAudioOutput)
    output.close()


def test_auto_goes_on_without_a_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    output = make_output("auto", device="nothing of that name", wav_dir=tmp_path)
    assert isinstance(output, NullOutput)
    assert "TTS_AUDIO=wav writes files" in caplog.text
