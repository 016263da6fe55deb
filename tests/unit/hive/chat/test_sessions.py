"""The conversation page: API, WebSocket and content."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hive.chat.history import CHILD, MOXIE, History
from hive.chat.sessions import ChatSessions, new_visit
from hive.models import ChatModule
from tests.support.model_stub import ModelStub
from tests.support.tools import wait_until
from tests.unit.hive.chat.test_chat import request
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer
from ttsmirror.models import Utterance

VISIT = "page_0123456789abcdef"
URL = f"/api/chat/{VISIT}"


def post(browser: Client, url: str = URL, **fields: Any) -> Any:
    return browser.post(url, json.dumps(fields), content_type="application/json")


def lines(browser: Client) -> list[tuple[str, str, str]]:
    found = browser.get(URL).json()["lines"]
    return [(line["who"], line["text"], line["note"]) for line in found]


@pytest.fixture
def page(browser: Client, server: SentServer, modules: list[ChatModule]) -> Client:
    return browser


def test_typed_words_are_handled_like_a_robots(
    page: Client, server: SentServer, mirror: FakeMirror
) -> None:
    opener = ChatModule.objects.get(lang="es").opener
    assert post(page, command="prompt").status_code == 202
    assert post(page, text="Tengo 7 más 8 años").json()["line"]["who"] == "child"

    answer = "Son 15. ¿Quieres otra cuenta?"
    assert lines(page) == [
        ("moxie", opener, ""),
        ("child", "Tengo 7 más 8 años", ""),
        ("moxie", answer, "scripted"),
    ]
    assert [text for text, _options in mirror.texts] == [opener, answer]
    assert {options["device_id"] for _text, options in mirror.texts} == {VISIT}
    (topic, _answer), *_ = server.published
    assert topic == f"/devices/{VISIT}/commands/remote_chat"
    history = server.chat._answers.history.lines(VISIT)
    assert [line.role for line in history] == [MOXIE, CHILD, MOXIE]


def test_module_answers_in_module_language(page: Client, mirror: FakeMirror) -> None:
    english = ChatModule.objects.get(lang="en")
    post(page, command="prompt", module=english.pk)
    assert lines(page) == [("moxie", english.opener, "")]
    assert mirror.texts[0][1]["lang"] == "en"


def test_new_beginning_clears_lines(page: Client) -> None:
    post(page, text="Hola")
    post(page, command="prompt")
    assert len(lines(page)) == 1


def test_new_beginning_ends_what_still_waits(page: Client, mirror: FakeMirror) -> None:
    post(page, text="Hola")
    mirror.controls.clear()
    post(page, command="prompt")
    assert [(each.action, each.device_id) for each in mirror.controls] == [("interrupt", VISIT)]


def test_new_beginning_drops_the_answer_being_made(
    page: Client, model: ModelStub, mirror: FakeMirror
) -> None:
    gate = threading.Event()
    model.answer("Uno. ", gate, "Dos.")
    post(page, text="Cuenta")
    wait_until(lambda: mirror.parts, "the first sentence")
    post(page, command="prompt")
    gate.set()
    wait_until(lambda: mirror.dropped, "the end of the old answer")
    post(page, text="Hola")
    wait_until(lambda: len(lines(page)) > 1, "the new conversation")
    assert "Uno." not in {text for _who, text, _note in lines(page)}


def test_page_line_follows_utterance_events(page: Client, server: SentServer) -> None:
    post(page, command="prompt")
    (line,) = server.chat.visits.lines(VISIT)
    for event in ("sent", "stored", "playing", "stored", "spoken", "playing"):
        server._handle_event({"id": line["id"], "event": event})
    (line,) = server.chat.visits.lines(VISIT)
    assert line["state"] == "spoken"


def test_deleted_answer_vanishes_with_the_question(page: Client, server: SentServer) -> None:
    post(page, command="prompt")
    for text in ("Hola", "Tengo 7 más 8 años"):
        post(page, text=text)
    told = server.chat.visits.lines(VISIT)
    now = timezone.now()
    for line in told[::2]:
        server._handle_event({"id": line["id"], "event": "spoken"})
        Utterance.objects.create(
            pk=line["id"], text=line["text"], status="spoken", published_at=now, received_at=now
        )
    assert [line["who"] for line in told] == ["moxie", "child"] * 2 + ["moxie"]
    assert len(lines(page)) == 5
    Utterance.objects.filter(pk=told[2]["id"]).delete()
    assert [text for _who, text, _note in lines(page)] == [told[each]["text"] for each in (0, 3, 4)]
    Utterance.objects.all().delete()
    assert lines(page) == []


def test_model_answers_on_page_and_failure_is_shown(
    page: Client, model: ModelStub, mirror: FakeMirror
) -> None:
    module = ChatModule.objects.get(lang="es")
    model.answer("Uno. ", "Dos.")
    post(page, text="Cuenta")
    wait_until(lambda: len(lines(page)) == 2 and lines(page)[1][1] == "Uno. Dos.", "the answer")
    wait_until(lambda: mirror.texts, "its end")
    assert [text for text, _options in mirror.parts] == ["Uno. ", "Dos."]
    ids = {options["utterance_id"] for _text, options in (*mirror.parts, *mirror.texts)}
    assert len(ids) == 1, "the mirror sees one utterance"

    model.answer(503)
    post(page, text="Más")
    wait_until(lambda: len(lines(page)) == 4, "the fallback")
    assert lines(page)[-1] == ("moxie", module.fallback.splitlines()[0], "fallback")
    assert "503" in page.get(URL).json()["lines"][-1]["error"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"command": "dance"}, "unknown_command"),
        ({"text": "a" * 1001}, "text_too_long"),
        ({"text": "Hola", "module": 999}, "unknown_module"),
        ({"text": "Hola", "module": "1"}, "unknown_module"),
        ({"text": ["Hola"]}, "text_too_long"),
    ],
)
def test_invalid_request_is_refused(page: Client, fields: dict[str, Any], code: str) -> None:
    response = post(page, **fields)
    assert (response.status_code, response.json()["error"]) == (400, code)


def test_robot_id_is_no_conversation(page: Client, robot: Any) -> None:
    for visit in (DEVICE, "page_x", "page_0123456789ABCDEF"):
        assert post(page, f"/api/chat/{visit}", text="Hola").status_code == 404
        assert post(page, f"/api/chat/{visit}/interrupt").status_code == 404


def test_interrupt_silences_conversation(page: Client, mirror: FakeMirror) -> None:
    assert post(page, f"{URL}/interrupt").status_code == 202
    assert [(each.action, each.device_id) for each in mirror.controls] == [("interrupt", VISIT)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [({}, "a small scripted companion answers"), ({"HIVE_CHAT_MODEL": "qwen"}, "qwen answers")],
)
def test_page_names_companion_or_model(
    page: Client, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    shown = page.get("/chat/").content.decode()
    head = shown.partition('id="strings"')[0]
    assert words in head
    assert "selected>Talk with Moxie" in shown, "the browser speaks English"


def test_page_works_without_modules(page: Client) -> None:
    ChatModule.objects.all().delete()
    assert "No conversation module is enabled" in page.get("/chat/").content.decode()


def test_missing_library_is_named(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIVE_CHAT_MODEL", "qwen")
    for place in ("hive.snapshot", "hive.chat.answers"):
        monkeypatch.setattr(f"{place}.is_installed", lambda: False)
    assert "The library openai is not installed" in page.get("/chat/").content.decode()
    post(page, text="Hola")
    assert lines(page)[-1][2] == "scripted"


def test_number_of_page_lines_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hive.chat.sessions.VISITS", 2)
    monkeypatch.setattr("hive.chat.sessions.SHOWN", 3)
    visits, names = ChatSessions(), [new_visit() for _ in range(3)]
    for name in names:
        for number in range(5):
            visits.put(name, f"{name}{number}", "child", str(number))
    assert [len(visits.lines(name)) for name in names] == [0, 3, 3]
    assert len(visits._owners) == 6
    assert visits.put(DEVICE, "x", "child", "Hola") is None, "a robot has no page"


def test_history_is_ordered_unique_and_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HIVE_CHAT_HISTORY", "3")
    history = History()
    for role, words in [
        (MOXIE, "¡Hola!"),
        (MOXIE, "¡hola!"),
        (CHILD, "Sí"),
        (CHILD, "Sí"),
        (MOXIE, "animation: x"),
        (MOXIE, "**Bien**"),
        (CHILD, "Sí"),
    ]:
        history.add("d_1", role, words)
    assert [line.words for line in history.lines("d_1")] == ["Sí", "Bien", "Sí"]


def test_history_is_built_from_robot_reports(
    server: SentServer, modules: list[ChatModule], mirror: FakeMirror
) -> None:
    heard = [{"context_type": "input", "text": "Vi un gato"}, {"context_type": "x", "text": "no"}]
    server.chat.handle_request(DEVICE, request("continue", speech="Vi un gato"))
    told = request("notify", speech="¡Qué bien!", extra_lines=heard)
    for _ in range(2):
        server.chat.handle_request(DEVICE, told)
    server.chat.handle_request(DEVICE, request("notify", speech="Cuento.", module_id="STORY"))

    found = server.chat._answers.history.lines(DEVICE)
    assert [(line.role, line.words) for line in found] == [
        (CHILD, "Vi un gato"),
        (MOXIE, "¡Qué bien!"),
    ]
    server.chat.handle_request(DEVICE, request("prompt", event_id="e2"))
    assert server.chat._answers.history.lines(DEVICE) == []


@pytest.mark.parametrize("speech", ["Hola", "😀"])
def test_model_gets_question_without_history(
    page: Client, model: ModelStub, monkeypatch: pytest.MonkeyPatch, speech: str
) -> None:
    monkeypatch.setenv("HIVE_CHAT_HISTORY", "0")
    post(page, text=speech)
    wait_until(lambda: model.requests, "the question")
    assert model.messages() == [("user", speech)]


def test_full_queue_gets_fallback_at_once(
    page: Client, model: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hive.chat.answer_queue.WAITING", 2)
    model.answer(threading.Event())
    for words in ("Uno", "Dos", "Tres"):
        post(page, text=words)
    assert [note for who, _text, note in lines(page) if who == "moxie"] == ["fallback"]
