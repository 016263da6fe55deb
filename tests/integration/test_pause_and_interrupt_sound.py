"""Stopping, pausing, muting and volume changes at a real sound device."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pytest

from tests.support.sound import RATE, Sink, likeness
from tests.support.talk import (
    SINE_JUMP,
    largest_jump,
    loud_parts,
    play,
    sine,
    speech,
    talking,
)
from tests.support.tools import wait_until
from ttsmonitor.audio.pyaudio import BUSY_SECONDS, CALM_SECONDS, UNKNOWN_SECONDS, PyAudioOutput

pytestmark = [pytest.mark.sound, pytest.mark.quiet]

LEAD = np.zeros(RATE // 50, dtype=np.int16)
"""A quiet lead, as the recording misses the first milliseconds."""


@pytest.fixture
def calm(output: PyAudioOutput, monkeypatch: pytest.MonkeyPatch) -> PyAudioOutput:
    """Return an output that treats this machine as calm."""
    monkeypatch.setattr("ttsmonitor.audio.pyaudio.LATE_SECONDS", 60)
    output._busy_until = 0.0
    return output


@pytest.mark.parametrize("busy_seconds", [0, 60], ids=["calm", "busy"])
def test_flush_returns_the_unheard_seconds(
    sink: Sink, output: PyAudioOutput, busy_seconds: int
) -> None:
    output.open()
    output._busy_until = time.monotonic() + busy_seconds
    play(output, speech(0.8))
    estimated, unheard = output.buffered_seconds, output.flush()
    wait_until(lambda: sink.is_silent_for(0.3))
    ((first, last),) = loud_parts(sink.recorded())
    assert 0 < unheard < 0.25
    # A calm device plays what it holds.
    assert estimated == pytest.approx(unheard if busy_seconds else 0.05, abs=0.03)
    assert (last - first) / RATE + unheard == pytest.approx(0.8, abs=0.03)


def test_pause_neither_loses_nor_repeats_sound(sink: Sink, output: PyAudioOutput) -> None:
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


def test_pause_is_click_free_and_resumes_at_the_sample(sink: Sink, calm: PyAudioOutput) -> None:
    with talking(calm, np.concatenate([LEAD, sine(2.0)])) as talk:
        for moment in (0.3, 0.6, 0.9, 1.2):
            talk.wait_for(moment)
            talk.controls.resumed.clear()
            wait_until(lambda: sink.is_silent_for(0.1))
            talk.controls.resumed.set()
        talk.wait()
    recorded = sink.recorded()
    parts = loud_parts(recorded)
    assert len(parts) == 5
    for (_, end), (start, _) in pairwise(parts):
        assert largest_jump(recorded[end - 1000 : end + 100]) < 1.2 * SINE_JUMP
        assert largest_jump(recorded[start - 100 : start + 1000]) < 1.2 * SINE_JUMP
    # Each of the four fades is heard twice: out and in.
    assert (parts[:, 1] - parts[:, 0]).sum() / RATE == pytest.approx(2.02, abs=0.01)


@pytest.mark.parametrize("busy_seconds", [0, 60], ids=["calm", "busy"])
def test_interrupt_ends_the_sound_quickly(
    sink: Sink, output: PyAudioOutput, busy_seconds: int
) -> None:
    output.open()
    output._busy_until = time.monotonic() + busy_seconds
    with talking(output, speech(2.0)) as talk:
        talk.wait_for(0.5)
        cut_at = len(sink.recorded())
        talk.playback.cancel()
        talk.wait(1)
    wait_until(lambda: sink.is_silent_for(0.2))
    ((_first, last),) = loud_parts(sink.recorded())
    # The recording lags by some milliseconds; bench/stop.py measures more precisely.
    assert (last - cut_at) / RATE < 0.08


def test_interruption_makes_no_click(sink: Sink, calm: PyAudioOutput) -> None:
    with talking(calm, np.concatenate([LEAD, sine(2.0)])) as talk:
        talk.wait_for(0.523)
        talk.playback.cancel()
        talk.wait(1)
    wait_until(lambda: sink.is_silent_for(0.2))
    recorded = sink.recorded()
    ((first, last),) = loud_parts(recorded)
    assert (last - first) / RATE < 0.8, "it was not cut"
    assert largest_jump(recorded[first - 100 : last + 1000]) < 1.2 * SINE_JUMP


def test_busy_machine_uses_a_larger_device_buffer(sink: Sink, output: PyAudioOutput) -> None:
    output.open()
    output._busy_until = 0.0
    output.begin("calm", RATE)
    calm = output._stream.capacity
    output._busy_until = time.monotonic() + 60
    output.begin("busy", RATE)
    assert output._stream.capacity > calm
    output._busy_until = 0.0
    output.begin("calm", RATE)
    assert output._stream.capacity == calm


def test_volume_change_neither_skips_nor_clicks(sink: Sink, output: PyAudioOutput) -> None:
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


def muted_amid(sink: Sink, output: PyAudioOutput, samples: np.ndarray) -> tuple[np.ndarray, int]:
    """Play samples, mute them for a while. Return the recording and the start of the mute."""
    with talking(output, samples) as talk:
        talk.wait_for(0.4)
        muted_at = len(sink.recorded())
        talk.controls.is_muted = True
        talk.wait_for(0.8)
        talk.controls.is_muted = False
        talk.wait()
    wait_until(lambda: sink.is_silent_for(0.3))
    return sink.recorded(), muted_at


def test_mute_silences_at_once_while_sentence_continues(sink: Sink, output: PyAudioOutput) -> None:
    samples = speech(1.2)
    recorded, muted_at = muted_amid(sink, output, samples)
    (first, until), (again, last) = loud_parts(recorded)
    assert (until - muted_at) / RATE < 0.08
    assert (again - until) / RATE > 0.3
    assert (last - first) / RATE == pytest.approx(1.2, abs=0.1)
    assert likeness(samples[-RATE // 4 :], recorded) > 0.9


def test_unmuting_makes_no_click(sink: Sink, output: PyAudioOutput) -> None:
    # Use a tone: in noise, neighbouring samples may differ as much as a click.
    recorded, _muted_at = muted_amid(sink, output, sine(1.2))
    _before, (again, _last) = loud_parts(recorded)
    assert largest_jump(recorded[again - 50 : again + 1000]) < 1.2 * SINE_JUMP


def test_late_machine_counts_as_busy(
    sink: Sink, output: PyAudioOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.audio.pyaudio.LATE_SECONDS", -1.0)
    output._busy_until = 0.0
    with talking(output, speech(0.5)) as talk:
        talk.wait()
    output.begin("next", RATE)
    assert output._stream.buffer_seconds == BUSY_SECONDS


def test_unknown_machine_counts_as_busy_at_first(
    sink: Sink, output: PyAudioOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    output.open()
    assert output._stream.buffer_seconds == BUSY_SECONDS
    minute_later = time.monotonic() + UNKNOWN_SECONDS
    monkeypatch.setattr("ttsmonitor.audio.pyaudio.time.monotonic", lambda: minute_later)
    assert output._buffer_seconds == CALM_SECONDS
