"""Texts that name no language: the real speech service with an English voice only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.history import wait_for
from tests.support.tools import Listener
from tests.support.voice_files import install
from ttsmirror.models import Utterance
from ttsmonitor.models import PronunciationEntry
from ttsmonitor.service.service import SpeechService

pytestmark = pytest.mark.django_db(transaction=True)
TEXT_TOPIC = "moxie/tts/text"
SPANISH, ENGLISH = "El perro corre por el parque.", "The dog runs through the park."


@pytest.fixture
def listener(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Listener:
    """Start the service with `amy`, an English voice, as the default one."""
    install(tmp_path, "amy", "en-us")
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    monkeypatch.setenv("TTS_VOICE", "amy")
    make_service("null", engine="auto")
    return listen("moxie/tts/status")


def spoken(listener: Listener, text: str) -> Utterance:
    listener.publish(TEXT_TOPIC, text)
    return wait_for(text, Utterance.Status.SPOKEN)


def test_each_sentence_is_spoken_by_an_engine_of_its_language(listener: Listener) -> None:
    rows = [spoken(listener, text) for text in (SPANISH, ENGLISH, "Hola, Moxie.", "Hello, Moxie.")]
    assert [row.engine for row in rows] == ["espeak es", "piper amy"] * 2
    assert [row.lang for row in rows] == ["es", "en"] * 2
    assert [row.error for row in rows] == [""] * 4


def test_new_pronunciation_is_heard_in_the_next_sentence(listener: Listener) -> None:
    text = "Xiadani."
    before = spoken(listener, text).audio_seconds
    PronunciationEntry.objects.create(written="Xiadani", said="siadani con un nombre muy largo")
    Utterance.objects.all().delete()
    after = spoken(listener, text).audio_seconds
    assert before and after and after > 2 * before
