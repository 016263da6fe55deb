"""POST /api/pronounce."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from tests.support.web_fakes import FakeService
from ttsmonitor.monitor import pronounce_api


class FakeMirror:
    """A mirror that records what it gets."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def publish_text(self, text: str, **options: Any) -> uuid.UUID:
        self.said.append((text, options))
        return uuid.UUID(int=1)


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> FakeMirror:
    fake = FakeMirror()
    monkeypatch.setattr(pronounce_api, "get_tts_mirror", lambda: fake)
    return fake


def post(client: Client, **body: Any) -> Any:
    return client.post("/api/pronounce", json.dumps(body), content_type="application/json")


def test_words_phonemes_language_and_voice_are_returned(
    browser: Client, speech: FakeService, mirror: FakeMirror
) -> None:
    response = post(browser, text="**Hola**, Sr. Sol.<think>No.</think>", lang="es")
    assert response.status_code == 200
    said = response.json()
    assert (said["spoken"].lower(), said["lang"]) == ("hola, señor sol.", "es")
    assert said["phonemes"].startswith("ˈola")
    assert said["voice"] == "espeak es"
    assert "id" not in said and mirror.said == []


def test_pronounced_text_is_played_on_request(
    browser: Client, speech: FakeService, mirror: FakeMirror
) -> None:
    said = post(browser, text="Hola", lang="es", voice="espeak", play=True).json()
    assert said["id"] == str(uuid.UUID(int=1))
    assert mirror.said == [("Hola", {"source": "system", "lang": "es", "voice": "espeak"})]


def test_text_without_words_is_said_in_no_voice(browser: Client, speech: FakeService) -> None:
    said = post(browser, text="<think>No.</think>").json()
    assert (said["spoken"], said["phonemes"], said["voice"]) == ("", "", "")


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "Hola", "play": "perhaps"}])
def test_invalid_request_is_refused(
    browser: Client, speech: FakeService, body: dict[str, Any]
) -> None:
    assert post(browser, **body).status_code == 400
