"""The voice process is killed or hangs; the voice file is missing or truncated."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.history import wait_for
from tests.support.tools import Listener, wait_until
from tests.support.voice import make_voice
from tests.support.voice_files import describe, install
from ttsmirror.models import Utterance
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"
LONG = "Había una vez un robot que quería bailar." + " Y bailó hasta el final." * 60


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (signal.SIGKILL, "the synthesis process died; restarting it"),
        (signal.SIGSTOP, "the voice did not answer for 1 s; restarting it"),
    ],
    ids=["killed", "hung"],
)
def test_dead_or_hung_voice_process_costs_one_sentence(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    fault: signal.Signals,
    reason: str,
) -> None:
    service = make_service("null")
    voice, sender = service._synthesizer, listen()
    usual, pid = voice._hang_seconds, voice.pid
    assert pid is not None
    sender.publish(TEXT_TOPIC, LONG)
    sender.publish(TEXT_TOPIC, "La siguiente.")
    begun = Utterance.objects.filter(text=LONG, first_audio_ms__isnull=False)
    # Before its first sound, a restarted process would speak it.
    wait_until(begun.exists, "its first sound")
    os.kill(pid, fault)
    voice._hang_seconds = voice._patience = 1.0
    # Consume at once what is still in the pipe.
    monkeypatch.setattr(service._output, "write", lambda pcm: None)
    assert wait_for(LONG, Status.FAILED).error == reason
    voice._hang_seconds = usual
    wait_for("La siguiente.", Status.SPOKEN)
    assert service.health()["checks"]["synthesis"]["ok"]


def test_missing_or_truncated_voice_file_is_named_until_restored(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    whole = model.read_bytes()
    monkeypatch.setenv("PIPER_MODEL", str(model))
    service = make_service("wav", engine="piper")
    sender = listen()

    def say(text: str, outcome: Status) -> str:
        sender.publish(TEXT_TOPIC, text)
        return wait_for(text, outcome).error

    say("Entera.", Status.SPOKEN)
    model.unlink()
    assert f"{model} is missing" in say("Sin voz.", Status.FAILED)
    assert "is missing" in service.health()["checks"]["synthesis"]["detail"]
    model.write_bytes(whole[: len(whole) // 2])
    assert "tiny cannot be loaded; download it again" in say("Media voz.", Status.FAILED)
    model.write_bytes(whole)
    say("Otra vez entera.", Status.SPOKEN)
    assert service.health()["checks"]["synthesis"]["ok"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds the limit of memory")
def test_unusable_voice_is_replaced_with_reason_in_history(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    voices = tmp_path / "voices"
    voices.mkdir()
    install(voices, "good")
    install(voices, "english", "en-us")
    make_voice(voices / "endless.onnx", frames_per_id=400_000)
    describe(install(voices, "absurd"), inference={"length_scale": 1e5})
    monkeypatch.setenv("TTS_VOICE_DIR", str(voices))
    monkeypatch.setenv("TTS_VOICE", "good")
    service = make_service("null", engine="auto")
    sender = listen()
    for voice, reason in {
        "endless": "The voice endless cannot be used: it needs more memory",
        "absurd": "inference.length_scale is 100000.0; it has to be a number from 0.2 to 5",
        "english": "the voice english reads en-us, and the text is es",
        "good": "",
    }.items():
        text = f"Lo dice {voice}."
        sender.publish(TEXT_TOPIC, json.dumps({"text": text, "voice": voice, "lang": "es"}))
        row = wait_for(text, Status.SPOKEN)
        assert row.engine == "piper good"
        assert reason in row.error and bool(reason) == bool(row.error)
    assert service.health()["checks"]["synthesis"]["ok"]


@pytest.mark.parametrize(
    ("installed", "fields", "engine"),
    [
        ("en-us", {}, "espeak es"),
        ("en-us", {"lang": "en"}, "piper only"),
        ("es", {"lang": "en"}, "espeak en"),
        ("es", {}, "piper only"),
    ],
    ids=["english-voice", "english-text", "spanish-voice", "spanish-text"],
)
def test_sentence_is_read_in_its_own_language(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    installed: str,
    fields: dict[str, str],
    engine: str,
) -> None:
    install(tmp_path, "only", installed)
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    monkeypatch.setenv("TTS_VOICE", "only")
    make_service("null", engine="auto")
    listen().publish(TEXT_TOPIC, json.dumps({"text": "Uno, dos, tres."} | fields))
    assert wait_for("Uno, dos, tres.", Status.SPOKEN).engine == engine
