"""The JSON API of the monitor."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from tests.support.web_fakes import FakeService, utterance
from ttsmirror.models import Utterance
from ttsmirror.wire.control import Control
from ttsmonitor.history.serializers import serialize
from ttsmonitor.models import ApiToken
from ttsmonitor.monitor import snapshot

Status = Utterance.Status


def post(client: Client, body: Any, **extra: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body)
    return client.post("/api/control", content, content_type="application/json", **extra)


def pages(client: Client, **query: Any) -> list[list[dict[str, Any]]]:
    """Return all pages of the history."""
    found, before = [], ""
    while True:
        answer = client.get("/api/history", query | {"before": before}).json()
        found.append(answer["utterances"])
        if answer["next"] is None:
            return found
        before = answer["next"]


@pytest.mark.parametrize("path", ["status", "queue", "stats", "history", "control"])
def test_request_without_login_is_401_in_json(visitor: Client, path: str) -> None:
    response = visitor.get(f"/api/{path}")
    assert response.status_code == 401
    assert response.json()["error"] == "login_required"


def test_status_comes_from_the_running_service(browser: Client, speech: FakeService) -> None:
    response = browser.get("/api/status")
    assert response.status_code == 200
    assert response.json()["engine"] == "espeak es"
    assert response["Cache-Control"] == "no-store"


def test_status_without_service_is_offline(browser: Client) -> None:
    answer = browser.get("/api/status").json()
    assert answer["status"] == "offline"
    assert answer["broker"]["connected"] is False


def test_queue_is_in_speaking_order(browser: Client) -> None:
    utterance("later", status=Status.QUEUED, seconds_ago=1)
    utterance("first", status=Status.QUEUED, seconds_ago=5)
    utterance("urgent", status=Status.QUEUED, priority="high")
    utterance("over", status=Status.SPOKEN)
    answer = browser.get("/api/queue").json()
    assert answer["size"] == 3
    assert [waiting["text"] for waiting in answer["queue"]] == ["urgent", "first", "later"]


def test_stats_count_the_history(browser: Client) -> None:
    utterance("Hola")
    answer = browser.get("/api/stats").json()
    assert (answer["total"], answer["characters"]) == (1, 4)


def test_history_is_newest_first(browser: Client) -> None:
    old = utterance("ayer", seconds_ago=10)
    new = utterance("¡hoy! 🤖")
    answer = browser.get("/api/history").json()
    assert answer == {"utterances": [serialize(new), serialize(old)], "next": None}


def test_rows_with_equal_time_are_paged_once(browser: Client) -> None:
    moment = timezone.now()
    made = {str(utterance(received_at=moment).pk) for _ in range(7)}
    found = pages(browser, limit=3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert {row["id"] for page in found for row in page} == made


def test_new_row_does_not_shift_the_next_page(browser: Client) -> None:
    for number in range(4):
        utterance(f"row {number}", seconds_ago=10 - number)
    first = browser.get("/api/history", {"limit": 2}).json()
    utterance("meanwhile")
    second = browser.get("/api/history", {"limit": 2, "before": first["next"]}).json()
    texts = [row["text"] for row in first["utterances"] + second["utterances"]]
    assert texts == ["row 3", "row 2", "row 1", "row 0"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"source": "chat"}, "of chat"),
        ({"device_id": "moxie-1"}, "of moxie-1"),
        ({"status": "failed"}, "of failed"),
        ({"q": "AGUJA"}, "pajar con una aguja dentro"),
        ({"source": "chat", "q": "chat"}, "of chat"),
        ({"day": "2026-01-31"}, "of January"),
    ],
)
def test_history_is_filtered(browser: Client, query: dict[str, str], text: str) -> None:
    utterance("of chat", source="chat")
    utterance("of moxie-1", device_id="moxie-1")
    utterance("of failed", status=Status.FAILED)
    utterance("pajar con una aguja dentro")
    utterance("of January", received_at=datetime(2026, 1, 31, 12, tzinfo=UTC))
    answer = browser.get("/api/history", query).json()
    assert [row["text"] for row in answer["utterances"]] == [text]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"status": "shouted"},
        {"day": "tomorrow"},
        {"day": "9999-12-31"},
        {"before": "yesterday"},
        {"before": f"{10**30}-{uuid.uuid4().hex}"},
        {"before": "12-not-a-uuid"},
    ],
)
def test_invalid_query_is_400_with_a_sentence(browser: Client, query: dict[str, str]) -> None:
    response = browser.get("/api/history", query)
    assert response.status_code == 400
    assert response.json()["error"] == "bad_request"
    assert next(iter(query)) in response.json()["detail"]


STRANGE = "ᦰᦱᦲᦳᦴᦵᦶᦷᦸᦹᦺᦻᦼᦽᦾᦿᧀᧈᧉᳲᳳ"
"""Characters that are letters in Python, but not in SQLite's index."""
HOLA_LUNA = [
    '"hola',
    'hola"',
    '""hola" luna"',
    "hola*",
    "^hola",
    "(hola",
    "hola))",
    "hola + luna",
    "-hola",
    "{hola}",
    "hola 🤖",
    "hola🤖",
    "hola:*",
    "hola\\",
    "hola\ud83d",
    "HOLÁ, ¡luna!",
]
NOTHING = [
    '"',
    "'",
    "*",
    "^",
    "((",
    "¿¡…!?",
    "%_\\;--",
    "&|!<->",
    "\ud83d",
    "\u0301",
    "🤖",
    "👩‍👩‍👧",
    "hola AND luna",
    "luna OR mar",
    "NOT hola",
    "NEAR(hola)",
    "NEAR(hola luna, 5)",
    "ho*",
    "words:hola",
    "{words}: hola",
    "a" * 500,
    "hola" * 125,
    "ab " * 500,
    "hola mar " * 100,
    *(f"hola{letter}cd" for letter in STRANGE),
    STRANGE,
    STRANGE * 20,
]


@pytest.mark.parametrize(
    ("q", "is_found"), [(q, q in HOLA_LUNA) for q in HOLA_LUNA + NOTHING], ids=repr
)
def test_search_ignores_operators_and_symbols(browser: Client, q: str, is_found: bool) -> None:
    utterance("Hola, luna")
    response = browser.get("/api/history", {"q": q.encode("utf-8", "surrogatepass")})
    assert len(response.json()["utterances"]) == is_found
    page = browser.get("/history/", {"q": q.encode("utf-8", "surrogatepass")})
    assert page.status_code == 200
    assert ("Hola, luna" in page.content.decode()) is is_found


def test_control_reaches_the_service(browser: Client, speech: FakeService) -> None:
    response = post(browser, {"action": "volume", "value": 0.5, "device_id": "moxie-1"})
    assert response.status_code == 200
    assert response.json()["status"]["status"] == "idle"
    assert speech.controls == [Control(action="volume", value=0.5, device_id="moxie-1")]


def test_only_waiting_utterances_are_moved_or_removed(browser: Client, speech: FakeService) -> None:
    one, two = utterance("one", status="queued"), utterance("two", status="queued")
    said = utterance("said")
    move = {"action": "move", "id": str(two.pk), "before": str(one.pk)}
    assert post(browser, move).status_code == 200
    assert post(browser, move | {"before": None}).status_code == 200
    assert post(browser, {"action": "remove", "id": str(one.pk)}).status_code == 200
    assert speech.controls == [
        Control(action="move", utterance_id=two.pk, before=one.pk),
        Control(action="move", utterance_id=two.pk),
        Control(action="remove", utterance_id=one.pk),
    ]
    speech.obeys = False  # the utterance has left the queue meanwhile
    for refused in (move | {"before": str(said.pk)}, {"action": "remove", "id": str(said.pk)}):
        response = post(browser, refused)
        assert (response.status_code, response.json()["error"]) == (409, "not_waiting")


def test_replaying_an_unknown_utterance_is_404(browser: Client, speech: FakeService) -> None:
    said = utterance("otra vez")
    assert post(browser, {"action": "replay", "id": str(said.pk)}).status_code == 200
    assert speech.controls == [Control(action="replay", utterance_id=said.pk)]
    response = post(browser, {"action": "replay", "id": str(uuid.uuid4())})
    assert (response.status_code, response.json()["error"]) == (404, "not_found")
    speech.obeys = False  # it was deleted meanwhile
    response = post(browser, {"action": "replay", "id": str(said.pk)})
    assert (response.status_code, response.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b'{"action":"dance"}', b'{"action":"volume","value":7}']
)
def test_unreadable_control_is_400(browser: Client, speech: FakeService, body: bytes) -> None:
    response = post(browser, body)
    assert (response.status_code, response.json()["error"]) == (400, "bad_request")
    assert speech.controls == []


def test_oversized_control_is_413(browser: Client, speech: FakeService, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = post(browser, b"x" * 101)
    assert (response.status_code, response.json()["error"]) == (413, "too_large")


def test_control_without_a_service_is_503(browser: Client) -> None:
    response = post(browser, {"action": "skip"})
    assert (response.status_code, response.json()["error"]) == (503, "not_running")


def test_wrong_method_is_405(browser: Client) -> None:
    response = browser.get("/api/control")
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert browser.post("/api/status").status_code == 405


def test_broken_database_is_503_in_json(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(snapshot, "waiting", fail)
    response = browser.get("/api/queue")
    assert (response.status_code, response.json()["error"]) == (503, "database_unavailable")
    assert "disk" not in response.json()["detail"]


def test_session_post_needs_a_csrf_token(
    monitor_urls: None, parent: User, speech: FakeService
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(parent)
    response = post(client, {"action": "clear"})
    assert (response.status_code, response.json()["error"]) == (403, "csrf_failed")
    client.get("/")
    token = client.cookies["csrftoken"].value
    assert post(client, {"action": "clear"}, headers={"x-csrftoken": token}).status_code == 200
    assert speech.controls == [Control(action="clear")]


def test_post_needs_a_csrf_token_with_login_off(
    monitor_urls: None, parent: User, speech: FakeService, settings: Any
) -> None:
    settings.MOXIE_REQUIRE_LOGIN = False
    client = Client(enforce_csrf_checks=True)
    assert post(client, {"action": "pause"}).status_code == 403
    bearer = {"authorization": f"Bearer {ApiToken.issue(parent, 'script')}"}
    assert post(client, {"action": "pause"}, headers=bearer).status_code == 200


def test_api_token_needs_no_csrf_token(
    monitor_urls: None, parent: User, speech: FakeService
) -> None:
    client = Client(enforce_csrf_checks=True)
    bearer = {"authorization": f"Bearer {ApiToken.issue(parent, 'script')}"}
    assert post(client, {"action": "pause"}, headers=bearer).status_code == 200
    assert client.get("/api/history", headers=bearer).status_code == 200
    assert client.get("/api/history", headers={"authorization": "Bearer no"}).status_code == 401


@pytest.mark.parametrize("words", [{}, {"q": "hola"}])
@pytest.mark.parametrize(
    "query",
    [
        {"day": "0001-01-01"},
        {"day": "1650-01-01"},
        {"day": "2999-12-31"},
        {"day": "9999-12-30"},
        {"before": f"{253402300799999999}-{uuid.UUID(int=1)}"},
        {"before": f"{-62135596800000000}-{uuid.UUID(int=1)}"},
        {"before": f"{10**4000}-{uuid.UUID(int=1)}"},
        {"q": "a" * 5_000},
        {"q": "a " * 3_000},
    ],
)
def test_extreme_query_is_answered(
    browser: Client, query: dict[str, str], words: dict[str, str]
) -> None:
    utterance("hola")
    browser.cookies["moxie_timezone"] = "Europe/Madrid"
    for path in ("/api/history", "/history/", "/"):
        assert browser.get(path, words | query).status_code in (200, 400)


def test_very_long_word_is_found_by_prefix(browser: Client) -> None:
    utterance("¡" + "a" * 500 + "!")
    found = browser.get("/api/history", {"q": "a" * 400}).json()["utterances"]
    assert len(found) == 1


def test_size_of_the_queue_is_the_number_of_its_rows(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        utterance(f"espera {number}", status="queued")
    utterance("todavía llega", status="receiving")
    answer = browser.get("/api/queue").json()
    assert (answer["size"], len(answer["queue"])) == (3, 3)
    monkeypatch.setattr(snapshot, "QUEUE_SHOWN", 2)
    answer = browser.get("/api/queue").json()
    assert (answer["size"], len(answer["queue"])) == (3, 2)
