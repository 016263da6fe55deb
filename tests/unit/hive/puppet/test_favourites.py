"""Recent phrases and favourites."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hive.models import Favourite, favourites
from hive.puppet.favourites import recent
from tests.unit.hive.conftest import DEVICE, SentServer

PATH = "/api/favourites"


def post(client: Client, **body: Any) -> Any:
    return client.post(PATH, json.dumps(body), content_type="application/json")


def test_recent_phrases_are_unique_with_latest_mood() -> None:
    said = [("c", "happy"), ("a", ""), ("c", "sad"), ("b", "shy")]
    lines = [{"text": text, "mood": mood, "intensity": 0.4} for text, mood in said]
    assert [(each["text"], each["mood"]) for each in recent(lines)] == [
        ("c", "happy"),
        ("a", "neutral"),
        ("b", "shy"),
    ]


def test_favourite_is_kept_once_with_latest_mood(browser: Client, server: SentServer) -> None:
    assert browser.get(PATH).json() == {"favourites": []}
    post(browser, text="Hola")
    post(browser, text="Adiós", mood="sad", intensity=1)
    answer = post(browser, text=" Hola ", mood="happy", intensity=0.25)
    assert answer.json()["favourites"] == browser.get(PATH).json()["favourites"]
    assert answer.json()["favourites"] == [
        {"text": "Adiós", "mood": "sad", "intensity": 1.0},
        {"text": "Hola", "mood": "happy", "intensity": 0.25},
    ]
    left = post(browser, text="Hola", kept=False).json()["favourites"]
    assert [each["text"] for each in left] == ["Adiós"]
    assert post(browser, text="Hola", kept=False).status_code == 200


def test_oldest_favourite_is_dropped_beyond_the_limit(
    browser: Client, server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(favourites, "FAVOURITES", 2)
    for text in "abc":
        post(browser, text=text)
    assert [each.text for each in Favourite.objects.all()] == ["c", "b"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": ""}, "empty_text"),
        ({"text": "a" * 401}, "text_too_long"),
        ({"text": "a", "mood": "hungry"}, "unknown_mood"),
        ({"text": "a", "kept": "yes"}, "invalid_kept"),
    ],
)
def test_invalid_favourite_is_refused(
    browser: Client, server: SentServer, body: dict[str, Any], code: str
) -> None:
    answer = post(browser, **body)
    assert (answer.status_code, answer.json()["error"]) == (400, code)
    assert not Favourite.objects.exists()


def test_favourites_are_escaped_on_pages(browser: Client, robot: Any, server: SentServer) -> None:
    Favourite.objects.keep("<b>¡Buenas!</b>", "happy", 0.0)
    for path in ("/speak/", f"/puppet/{DEVICE}/"):
        page = browser.get(path).content.decode()
        assert "&lt;b&gt;¡Buenas!&lt;/b&gt;" in page
        assert 'data-mood="happy" data-intensity="0.0"' in page


def test_favourites_are_listed_in_the_admin(db: Any) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="a-long-password"))
    Favourite.objects.keep("Hola", "happy", 0.5)
    assert "Hola" in client.get("/admin/hive/favourite/").content.decode()
