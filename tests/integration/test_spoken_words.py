"""Debris is silent and pauses are heard: over a real broker, in the sound."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.history import wait_for
from tests.support.sound import RATE, Sink, read_wav
from tests.support.tools import Listener, wait_until
from tests.support.voice import make_voice
from ttsmirror.models import Utterance
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status
TOPIC = "moxie/tts/text"
BREAK = 'Hola, amigo.<break time="2s"/>Adiós, amigo.'


def chunks(*texts: str) -> list[str]:
    """Return the messages of a streamed utterance."""
    utterance_id = str(uuid.uuid4())
    messages = []
    for number, text in enumerate(texts, start=1):
        more = number < len(texts)
        fields = {"id": utterance_id, "text": text, "chunk": number, "more": more}
        messages.append(json.dumps(fields | {"total_chunks": number + more}))
    return messages


def test_thoughts_are_silent_whole_and_in_pieces(
    make_service: Callable[..., SpeechService], listen: Callable[..., Listener], tmp_path: Path
) -> None:
    make_service("wav")
    listener = listen("moxie/+/+")
    words = "Hola, amigo."
    whole = f"<Thinking>Debo saludar. Será breve.</thinking>{words}"
    listener.publish(TOPIC, words)
    listener.publish(TOPIC, whole)
    for message in chunks("<thi", "nk>Debo saludar. Será breve.</thi", f"nk>{words}"):
        listener.publish(TOPIC, message)
    listener.publish(TOPIC, "<think>Nada. Nada.")
    for text in (words, whole, whole.replace("ing>", ">").replace("<T", "<t")):
        wait_for(text, Status.SPOKEN)
    assert wait_for("<think>Nada. Nada.", Status.SKIPPED).audio_seconds in (0, None)
    sounds = [read_wav(path)[0] for path in sorted((tmp_path / "wav").glob("*.wav"))]
    assert len(sounds) == 3
    assert all(np.array_equal(each, sounds[0]) for each in sounds)


@pytest.mark.sound
@pytest.mark.parametrize("engine", ["espeak", "piper"])
def test_break_is_two_seconds_of_silence_at_the_device(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    sink: Sink,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    engine: str,
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    monkeypatch.setenv("TTS_VOICE", "tiny")
    make_service("pyaudio", engine=engine)
    sink.forget()
    listen("moxie/+/+").publish(TOPIC, BREAK)
    wait_for(BREAK, Status.SPOKEN)
    wait_until(lambda: sink.is_silent_for(0.3), "the end of the sound")
    loud = np.flatnonzero(np.abs(sink.recorded().astype(int)) > 650)
    assert 1.9 < np.diff(loud).max() / RATE < 2.2
