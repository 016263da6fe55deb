"""The speech API of OpenAI, with a synthesis that is replaced by a tone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.web_fakes import FakeService
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.integrations.openai_speech.formats import FORMATS
from ttsmonitor.models import ApiToken, VoiceSetting
from ttsmonitor.monitor import openai_api
from ttsmonitor.service import service
from ttsmonitor.synthesis.base import Block, SpeechRequest

BLOCK = Block(b"\x01\x00" * 2_400, 24_000)


class Humming(FakeService):
    """Answers each request with three blocks, or fails."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[SpeechRequest] = []
        self.failure = ""
        self.told: list[Utterance] = []
        self.was_closed = False

    def speak_in_background(
        self, request: SpeechRequest, is_wanted: Callable[[], bool]
    ) -> Iterator[Block]:
        self.requests.append(request)
        if self.failure:
            raise SynthesisError(self.failure)
        for _number in range(3):
            if not is_wanted():
                return
            yield BLOCK

    def tell_of(self, utterance: Utterance) -> None:
        self.told.append(utterance)


@pytest.fixture
def humming(monkeypatch: pytest.MonkeyPatch) -> Humming:
    fake = Humming()
    monkeypatch.setattr(service, "current", lambda: fake)
    monkeypatch.setenv("TTS_ENGINE", "espeak")
    return fake


@pytest.fixture
def program(visitor: Client, humming: Humming) -> Client:
    token = ApiToken.issue(User.objects.create_superuser("keeper"), "program")
    return Client(headers={"authorization": f"Bearer {token}", "accept-language": "en"})


def ask(client: Client, **body: Any) -> Any:
    return client.post("/v1/audio/speech", body, content_type="application/json")


async def content_of(response: Any) -> bytes:
    return b"".join([part async for part in response.streaming_content])


@pytest.mark.parametrize("voice", ["alloy", "nova", {"id": "onyx"}, "default"])
def test_names_of_openais_voices_mean_the_chosen_one(
    program: Client, humming: Humming, voice: Any
) -> None:
    assert ask(program, model="tts-1", input="Hola.", voice=voice).status_code == 200
    (request,) = humming.requests
    assert (request.text, request.voice, request.lang) == ("Hola.", "", "es")


def test_text_is_put_into_words_like_that_of_the_robot(program: Client, humming: Humming) -> None:
    VoiceSetting.objects.create(source="openai", lang="es", speed=1.5)
    assert ask(program, input="Son las 15:30 h 😀", voice="espeak", speed=4).status_code == 200
    (request,) = humming.requests
    assert "quince" in request.text or "tres" in request.text
    assert (request.voice, request.speed) == ("espeak", 2.5)


async def test_sound_is_streamed_in_the_wanted_format(rf: Any, humming: Humming) -> None:
    parts = openai_api._encoded(iter([BLOCK] * 3), FORMATS["pcm"][1]())
    is_gone = threading.Event()
    made = [part async for part in openai_api._streamed(parts, is_gone)]
    assert (b"".join(made), len(made)) == (BLOCK.pcm * 3, 3)
    assert is_gone.is_set()


async def test_closed_stream_makes_the_sound_unwanted() -> None:
    is_gone = threading.Event()
    stream = openai_api._streamed(iter([b"one", b"two"]), is_gone)
    assert await anext(stream) == b"one"
    assert not is_gone.is_set()
    await stream.aclose()  # type: ignore[attr-defined]
    assert is_gone.is_set()


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "input", "bad_request"),
        ({"input": 3}, "input", "bad_request"),
        ({"input": "   "}, "input", "empty_text"),
        ({"input": "a" * 20_001}, "input", "text_too_long"),
        ({"input": "Hola", "voice": "nobody"}, "voice", "unknown_voice"),
        ({"input": "Hola", "voice": 3}, "voice", "bad_request"),
        ({"input": "Hola", "speed": 5}, "speed", "bad_request"),
        ({"input": "Hola", "speed": "fast"}, "speed", "bad_request"),
        ({"input": "Hola", "response_format": "aac"}, "response_format", "bad_request"),
        ({"input": "Hola", "stream_format": "sse"}, "stream_format", "bad_request"),
        ({"input": "Hola", "lang": "es!"}, "lang", "bad_request"),
        ({"input": "…"}, None, "no_sound"),
    ],
)
def test_invalid_order_is_refused_in_openais_form(
    program: Client, body: dict[str, Any], param: str | None, code: str
) -> None:
    response = ask(program, **body)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert error["message"]


@pytest.mark.parametrize("body", ["", "{", "[]", '"Hola"', "null"])
def test_body_that_is_no_object_is_refused(program: Client, body: str) -> None:
    response = program.post("/v1/audio/speech", body, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_json"


def test_failed_synthesis_is_answered_with_503(program: Client, humming: Humming) -> None:
    humming.failure = Reason("the synthesis process is not running")
    response = ask(program, input="Hola")
    assert response.status_code == 503
    assert response.json()["error"]["type"] == "server_error"
    assert response.json()["error"]["message"] == "the synthesis process is not running"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/audio/speech", 405),
        ("POST", "/v1/models", 405),
        ("GET", "/v1/models/gpt-9", 404),
        ("GET", "/v1/chat/completions", 404),
    ],
)
def test_every_error_has_openais_form(program: Client, method: str, path: str, status: int) -> None:
    response = program.generic(method, path)
    assert response.status_code == status
    assert set(response.json()["error"]) == {"message", "type", "param", "code"}


def test_program_without_a_token_or_its_scope_is_refused(visitor: Client, humming: Humming) -> None:
    response = ask(visitor, input="Hola")
    assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
    assert response.json()["error"]["code"] == "login_required"
    token = ApiToken.issue(User.objects.create_superuser("keeper"), "reads", ["read"])
    reads = Client(headers={"authorization": f"Bearer {token}"})
    assert ask(reads, input="Hola").json()["error"]["code"] == "insufficient_scope"
    assert reads.get("/v1/models").status_code == 200
    assert humming.requests == []


def test_models_and_voices_are_listed(program: Client) -> None:
    listed = program.get("/v1/models").json()
    assert listed["object"] == "list"
    assert {each["id"] for each in listed["data"]} >= {"moxie", "tts-1"}
    assert program.get("/v1/models/tts-1").json()["object"] == "model"
    (voice,) = program.get("/v1/audio/voices").json()["voices"]
    assert (voice["id"], voice["languages"]) == ("espeak", ["es", "en"])


def test_history_gets_the_text_only_on_request(program: Client, humming: Humming) -> None:
    def heard(**headers: str) -> None:
        body = json.dumps({"input": "Hola", "response_format": "pcm"})
        response = program.post(
            "/v1/audio/speech", body, content_type="application/json", headers=headers
        )
        assert len(b"".join(openai_api_parts(response))) == 3 * len(BLOCK.pcm)

    heard()
    assert Utterance.objects.count() == 0
    heard(**{"X-Moxie-History": "1"})
    row = Utterance.objects.get()
    assert (row.text, row.source, row.status) == ("Hola", "openai", "spoken")
    assert row.audio_seconds == pytest.approx(0.3)
    assert humming.told == [row]


def openai_api_parts(response: Any) -> list[bytes]:
    """Return the parts of a stream, which a synchronous client reads as a whole."""
    with pytest.warns(Warning, match="asynchronous iterator"):
        return list(response)
