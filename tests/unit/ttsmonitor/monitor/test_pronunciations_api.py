"""GET, POST, PUT and DELETE of /api/pronunciations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.support.openapi import Described
from ttsmonitor.models import PronunciationEntry

pytestmark = pytest.mark.usefixtures("starters")

LIST = "/api/pronunciations"
MILA = {"lang": "es", "written": "Mila", "said": "maila", "phonemes": "", "note": "la niña"}


@pytest.fixture
def editor(browser: Client, parent: User) -> Client:
    """Return the browser of a user who may change pronunciations."""
    parent.user_permissions.set(Permission.objects.filter(content_type__model="pronunciationentry"))
    return browser


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    call = getattr(client, method)
    return call(path, json.dumps(body or {}), content_type="application/json")


def test_entry_is_added_changed_and_deleted(editor: Client) -> None:
    added = send(editor, "post", LIST, MILA)
    assert added.status_code == 201
    entry = added.json()
    assert MILA.items() <= entry.items()
    path = f"{LIST}/{entry['id']}"
    changed = send(editor, "put", path, MILA | {"said": "mila"})
    assert (changed.status_code, changed.json()["said"]) == (200, "mila")
    assert send(editor, "delete", path).json()["written"] == "Mila"
    assert send(editor, "delete", path).status_code == 404
    assert send(editor, "put", path, MILA).status_code == 404


def test_list_shows_one_language_or_all(editor: Client) -> None:
    every = editor.get(LIST).json()["pronunciations"]
    english = editor.get(LIST, {"lang": "en"}).json()["pronunciations"]
    assert len(every) == PronunciationEntry.objects.count() > len(english) > 3
    assert {each["lang"] for each in english} == {"en"}
    assert editor.get(LIST, {"lang": "xx"}).json() == {"pronunciations": []}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"written": "moxie"}, "written: This word has a pronunciation already."),
        ({"written": " "}, "written: This field cannot be blank."),
        ({"written": "123"}, "written: Enter a word"),
        ({"written": "<b>"}, "written: Enter a word"),
        ({"said": ""}, "said: Enter how it is said"),
        ({"said": "[[moksi]]"}, "said: Write it with letters"),
        ({"said": "4 ojos"}, "said: Write it with letters"),
        ({"phonemes": "m0ksi"}, "phonemes: Write phonemes"),
        ({"lang": "español!"}, "lang: Enter a language"),
        ({"written": "a" * 101}, "written: Ensure this value"),
        ({"written": None}, "written is missing"),
    ],
)
def test_invalid_entry_is_refused_with_the_reason(
    editor: Client, change: dict[str, Any], words: str
) -> None:
    answer = send(editor, "post", LIST, MILA | change)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(words)
    assert not PronunciationEntry.objects.filter(written="Mila").exists()


@pytest.mark.parametrize(("method", "path"), [("post", ""), ("put", "/1"), ("delete", "/1")])
def test_user_without_permission_only_reads(browser: Client, method: str, path: str) -> None:
    before = list(PronunciationEntry.objects.values())
    assert send(browser, method, LIST + path, MILA).status_code == 403
    assert list(PronunciationEntry.objects.values()) == before
    assert browser.get(LIST).status_code == 200


def test_answers_are_as_described(editor: Client) -> None:
    site = Described(editor)
    entry = site.post(LIST, MILA, status=201)
    assert entry in site.get(LIST, lang="es")["pronunciations"]
    site.post(LIST, {"said": "x"}, status=400)
    operations = site.document["paths"][f"{LIST}/{{entry_id}}"]
    assert set(operations) == {"put", "delete"}
