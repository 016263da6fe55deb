"""The monitor's answers and API page match its OpenAPI document."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

import jsonschema
import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.support.openapi import Described, routes
from tests.support.web_fakes import FakeService, utterance
from ttsmonitor.intake.broker_counts import ROOT
from ttsmonitor.monitor import pronounce_api, say_api


class Swallow:
    """A mirror that publishes nothing."""

    def publish_text(self, text: str, **options: Any) -> uuid.UUID:
        return uuid.uuid4()


@pytest.fixture
def site(
    browser: Client, parent: User, speech: FakeService, monkeypatch: pytest.MonkeyPatch
) -> Described:
    parent.user_permissions.set(Permission.objects.filter(codename="add_pronunciationentry"))
    monkeypatch.setattr(say_api, "get_tts_mirror", Swallow)
    monkeypatch.setattr(pronounce_api, "get_tts_mirror", Swallow)
    return Described(browser)


def test_document_describes_exactly_the_endpoints(site: Described) -> None:
    assert set(site.document["paths"]) - {"/health"} == routes()


def test_answers_are_as_described(site: Described, speech: FakeService) -> None:
    utterance("Hola", source="chat", first_audio_ms=46.0, audio_seconds=1.0)
    utterance("espera", status="queued", intensity=0.5, priority="high")
    speech.counts.hear(f"{ROOT}clients/connected", b"3")
    site.get("/api/status")
    assert site.get("/api/queue")["size"] == 1
    assert site.get("/api/stats")["total"] == 2
    assert site.get("/api/stats/series", by="day", count=3)["buckets"]
    assert site.get("/api/stats/broker")["clients"] == 3
    page = site.get("/api/history", limit=1)
    assert site.get("/api/history", before=page["next"])["next"] is None
    site.get("/health")


def test_missing_sound_is_refused_as_described(site: Described) -> None:
    site.get(f"/api/utterances/{uuid.uuid4()}/audio", "/api/utterances/{utterance_id}/audio", 404)


def test_posts_are_answered_as_described(site: Described) -> None:
    site.post("/api/control", {"action": "volume", "value": 0.5})
    site.post("/api/say", {"text": "Hola", "mood": "happy", "ttl": None}, status=202)
    for path, methods in site.document["paths"].items():
        if path.startswith("/api/voices"):  # test_voices_api.py, with a mirror
            continue
        if body := methods.get("post", {}).get("requestBody"):
            site.post(
                path,
                body["content"]["application/json"]["example"],
                status={"/api/say": 202, "/api/pronunciations": 201}.get(path, 200),
            )


def test_refusals_are_as_described(site: Described, visitor: Client) -> None:
    site.get("/api/history", status=400, limit=0)
    site.post("/api/say", {"text": ""}, status=400)
    site.post("/api/pronounce", {"text": ""}, status=400)
    site.post(
        "/api/control",
        {"action": "replay", "id": str(uuid.uuid4())},
        status=404,
    )
    visitor.logout()
    site.get("/api/status", status=401)


def test_answers_without_service_are_as_described(browser: Client) -> None:
    site = Described(browser)
    site.get("/api/status")
    site.get("/api/stats/broker")
    site.post("/api/control", {"action": "skip"}, status=503)
    site.get("/health", status=503)


def test_wrong_answer_does_not_fit_the_description(site: Described) -> None:
    with pytest.raises(jsonschema.ValidationError):
        site._validate({"error": 7}, {"$ref": "#/components/schemas/Error"})
    with pytest.raises(jsonschema.ValidationError):
        site._validate({"id": "no", "detail": ""}, {"$ref": "#/components/schemas/Said"})


@pytest.mark.parametrize(
    ("language", "words"), [("en", "The robot that it belongs to"), ("es", "El robot al que")]
)
def test_page_shows_every_endpoint_in_the_visitors_language(
    site: Described, browser: Client, language: str, words: str
) -> None:
    response = browser.get("/api/", headers={"accept-language": language})
    page = html.unescape(response.content.decode())
    assert response.status_code == 200
    assert f'<html lang="{language}"' in page
    assert words in page
    for path, methods in site.document["paths"].items():
        for method, operation in methods.items():
            assert f'id="{operation["operationId"]}"' in page
            assert f"<code>{path}</code>" in page
            assert method.upper() in page
    for name in site.document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    targets = set(re.findall(r'href="#([\w-]+)"', page))
    assert targets <= set(re.findall(r'id="([\w-]+)"', page)) | {"content"}


def test_page_has_complete_curl_examples(browser: Client, speech: FakeService) -> None:
    page = html.unescape(browser.get("/api/").content.decode())
    assert 'curl -H "Authorization: Bearer $TOKEN" http://testserver/api/status<' in page
    assert (
        '-d \'{"text": "La cena está lista", "mood": "happy"}\' http://testserver/api/say<' in page
    )


def test_page_without_login_redirects_to_login(visitor: Client) -> None:
    assert visitor.get("/api/")["Location"].startswith("/accounts/login/")
    assert visitor.get("/api/openapi.json").status_code == 401
