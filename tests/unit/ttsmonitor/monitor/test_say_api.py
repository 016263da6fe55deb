"""POST /api/say."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.support.voice_files import install
from tests.support.web_fakes import FakeService
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS
from ttsmonitor.monitor import say_api


class FakeMirror:
    """A mirror that records what it gets."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def publish_text(self, text: str, **options: Any) -> None:
        self.said.append((text, options))


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> FakeMirror:
    fake = FakeMirror()
    monkeypatch.setattr(say_api, "get_tts_mirror", lambda: fake)
    return fake


def post(client: Client, body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body)
    return client.post("/api/say", content, content_type="application/json")


def test_all_wire_fields_are_published(
    browser: Client,
    speech: FakeService,
    mirror: FakeMirror,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    install(tmp_path, "en_GB-alan-low", "en")
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path))
    options = {
        "source": "kitchen",
        "device_id": "d_sala",
        "lang": "en-GB",
        "voice": "en_GB-alan-low",
        "mood": "happy",
        "intensity": 0.5,
        "priority": "high",
        "ttl": 30,
    }
    response = post(browser, {"text": " Good night ", **options, "unknown": 1})
    assert (response.status_code, response["Cache-Control"]) == (202, "no-store")
    answer = response.json()
    assert answer["detail"] == ""
    expected = options | {"utterance_id": uuid.UUID(answer["id"])}
    assert mirror.said == [("Good night", expected)]


def test_text_alone_is_published_with_defaults(
    browser: Client, speech: FakeService, mirror: FakeMirror
) -> None:
    post(browser, {"text": "Hola"})
    ((text, options),) = mirror.said
    assert (text, options["source"], options["priority"]) == ("Hola", "system", "normal")
    assert (options["device_id"], options["ttl"]) == ("", None)


def test_own_id_is_kept(browser: Client, speech: FakeService, mirror: FakeMirror) -> None:
    mine = str(uuid.uuid4())
    assert post(browser, {"text": "Hola", "id": mine}).json()["id"] == mine
    assert mirror.said[0][1]["utterance_id"] == uuid.UUID(mine)


def test_longest_text_is_accepted_and_longer_refused(
    browser: Client, speech: FakeService, mirror: FakeMirror
) -> None:
    longest = "🤖" * UTTERANCE_CHARACTERS
    assert post(browser, {"text": longest}).status_code == 202
    assert mirror.said[0][0] == longest
    refused = post(browser, {"text": longest + "."})
    assert (refused.status_code, refused.json()["error"]) == (400, "text_too_long")
    assert str(UTTERANCE_CHARACTERS) in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "code", "word"),
    [
        (b"", "invalid_json", "JSON"),
        (b"\xff", "invalid_json", "JSON"),
        ([], "invalid_json", "JSON"),
        ({"text": "Hola", "mood": "\ud800"}, "invalid_json", "JSON"),
        ({}, "empty_text", "say"),
        ({"text": " \n"}, "empty_text", "say"),
        ({"text": 7}, "empty_text", "say"),
        ({"text": "Hola", "priority": "urgent"}, "bad_request", "priority"),
        ({"text": "Hola", "intensity": 2}, "bad_request", "intensity"),
        ({"text": "Hola", "ttl": -1}, "bad_request", "ttl"),
        ({"text": "Hola", "ttl": "soon"}, "bad_request", "ttl"),
        ({"text": "Hola", "mood": "very happy"}, "bad_request", "mood"),
        ({"text": "Hola", "lang": "español"}, "bad_request", "lang"),
        ({"text": "Hola", "device_id": "a/b"}, "bad_request", "device_id"),
        ({"text": "Hola", "source": "../x"}, "bad_request", "source"),
        ({"text": "Hola", "id": "7"}, "bad_request", "id"),
    ],
)
def test_invalid_field_is_refused_by_name(
    browser: Client, speech: FakeService, mirror: FakeMirror, body: Any, code: str, word: str
) -> None:
    response = post(browser, body)
    assert (response.status_code, response.json()["error"]) == (400, code)
    assert word in response.json()["detail"]
    assert mirror.said == []


def test_refusal_is_in_the_visitors_language(
    browser: Client, speech: FakeService, mirror: FakeMirror
) -> None:
    response = browser.post(
        "/api/say",
        {"text": "Hola", "voice": "a b"},
        content_type="application/json",
        headers={"accept-language": "es"},
    )
    assert response.json()["detail"] == "voice es 'a b': no es un nombre válido"


def test_missing_broker_is_reported_in_the_answer(browser: Client, mirror: FakeMirror) -> None:
    response = post(browser, {"text": "Hola"})
    assert response.status_code == 202
    assert "when the broker is back" in response.json()["detail"]
    assert len(mirror.said) == 1


def test_say_without_login_is_401(visitor: Client, mirror: FakeMirror) -> None:
    assert post(visitor, {"text": "Hola"}).status_code == 401
    assert mirror.said == []


def test_unknown_mood_is_refused_by_name(
    browser: Client, speech: FakeService, mirror: FakeMirror
) -> None:
    answer = post(browser, {"text": "Hola", "mood": "hapy"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_mood")
    assert "no mood hapy" in answer.json()["detail"] and "happy" in answer.json()["detail"]
    assert not mirror.said


def test_unknown_voice_is_refused_by_name_with_what_to_do(
    browser: Client, speech: FakeService, mirror: FakeMirror
) -> None:
    answer = post(browser, {"text": "Hola", "voice": "es_ES-nobody-low"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_voice")
    assert "es_ES-nobody-low is not installed" in answer.json()["detail"]
    assert not mirror.said
    assert post(browser, {"text": "Hola", "voice": "espeak"}).status_code == 202
