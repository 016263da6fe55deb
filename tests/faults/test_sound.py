"""A running service loses its sound device and gets it back."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.history import wait_for
from tests.support.sound import (
    LOUD,
    RATE,
    Sink,
    SoundServer,
    likeness,
    pactl,
    sound_server_in,
)
from tests.support.talk import loud_parts
from tests.support.tools import Listener, wait_until
from ttsmirror.models import Utterance
from ttsmonitor.audio.playback import AGAIN_SECONDS
from ttsmonitor.audio.portaudio import PortAudioStream
from ttsmonitor.audio.pyaudio import STUCK
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.sound, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"


def test_sentences_wait_for_an_unplugged_device(
    sink: Sink,
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULSE_SINK", sink.name)
    monkeypatch.setattr("ttsmonitor.speaking.speaker.RETRY_SECONDS", 0.1)
    service = make_service("pyaudio")
    sender = listen()

    def audio() -> dict[str, Any]:
        return dict(service.health()["checks"]["audio"])

    wait_until(lambda: audio()["ok"], "the device")
    sink.unplug()  # Unplug while idle, so that the first sentence finds no device.
    for text in ("Uno.", "Dos."):
        sender.publish(TEXT_TOPIC, text)
    wait_until(lambda: not audio()["ok"], "the device to be missed")
    assert "sound device" in audio()["detail"] and audio()["since"]
    for text in ("Uno.", "Dos."):
        wait_for(text, Status.QUEUED)
    sink.plug_in()
    for text in ("Uno.", "Dos."):
        wait_for(text, Status.SPOKEN)
    wait_until(lambda: (sink.recorded() > LOUD).any(), "their sound")
    assert service.health()["ok"], service.health()


LONG = "Había una vez un robot que contaba cuentos muy largos."


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[SoundServer]:
    with sound_server_in(tmp_path) as server:
        yield server


def sound_of(service: SpeechService, text: str) -> np.ndarray:
    """Return the cached samples of a text."""
    content = service.sound_of(Utterance.objects.get(text=text))
    with wave.open(io.BytesIO(content)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def place(piece: np.ndarray, whole: np.ndarray) -> float:
    """Return the position of the piece within `whole`, in seconds."""
    similar = np.correlate(whole.astype(float), piece.astype(float), mode="valid")
    return int(similar.argmax()) / RATE


def test_sentence_resumes_after_sound_server_restart(
    sound_server: SoundServer,
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("ttsmonitor.audio.playback.RETRY_SECONDS", 0.05)
    connect, is_back = PortAudioStream.connect, True

    def connect_when_recorded(stream: PortAudioStream) -> str:
        if not is_back:
            raise OSError("it is not there")
        return connect(stream)

    monkeypatch.setattr(PortAudioStream, "connect", connect_when_recorded)
    sink = Sink()
    service = make_service("pyaudio")
    listen().publish(TEXT_TOPIC, LONG)
    wait_until(
        lambda: (now := service._speaker.performance) and now.playback.seconds > 0.8,
        "some of the sentence",
    )

    is_back = False
    sound_server.kill()
    wait_until(lambda: service.status()["status"] == "synthesizing", "the device to be missed")
    cut = sink.recorded()
    assert "sound device" in service.health()["checks"]["audio"]["detail"]
    assert service.status()["current_text"] == LONG
    wait_for(LONG, Status.PLAYING)

    sound_server.start()
    sink.stop_recording()
    sink.plug_in()
    is_back = True
    wait_for(LONG, Status.SPOKEN)
    wait_until(lambda: sink.is_silent_for(0.2))
    rest, whole = sink.recorded(), sound_of(service, LONG)
    sink.close()

    # Compare one piece before and one after the cut: recordings may have gaps.
    size, last, begin = RATE // 3, loud_parts(cut)[-1][1], loud_parts(rest)[0][0]
    before, after = cut[last - size : last], rest[begin : begin + size]
    assert likeness(before, whole) > 0.95
    assert likeness(after, whole) > 0.95
    cut_at, on_from = place(before, whole) + size / RATE, place(after, whole)
    assert 0 <= cut_at - on_from <= AGAIN_SECONDS, "something was lost, or said again twice"
    assert likeness(whole[loud_parts(whole)[-1][1] - size :], rest) > 0.95, "and to its end"
    waits = [each for each in caplog.messages if "waits for the sound device" in each]
    assert len(waits) == 1


def test_sound_server_that_stood_still_is_used_again(
    sound_server: SoundServer,
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
) -> None:
    pactl("load-module", "module-null-sink")  # in portions of two seconds, as is usual
    service, sender = make_service("pyaudio"), listen()
    sender.publish(TEXT_TOPIC, LONG)
    wait_until(
        lambda: (now := service._speaker.performance) and now.playback.seconds > 0.8,
        "some of the sentence",
    )
    with sound_server.frozen():
        wait_until(lambda: service.health()["checks"]["audio"]["detail"] == STUCK, "the stall")
    wait_until(lambda: service.health()["checks"]["audio"]["ok"], "its return", 10)
    wait_for(LONG, Status.SPOKEN)
