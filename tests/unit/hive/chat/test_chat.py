"""Conversation: answers and their mirroring."""

from __future__ import annotations

from typing import Any

import pytest

from hive.conf import conf
from hive.models import ChatModule, Configuration
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer

pytestmark = pytest.mark.usefixtures("modules")


def request(command: str, **fields: Any) -> dict[str, Any]:
    ours = {"backend": "router", "module_id": conf.HIVE_CHAT_MODULE, "event_id": "e1"}
    return ours | {"command": command} | fields


def answers(server: SentServer) -> list[dict[str, Any]]:
    topic = f"/devices/{DEVICE}/commands/remote_chat"
    assert {name for name, _payload in server.published} <= {topic}
    return [payload for _topic, payload in server.published]


def spanish() -> ChatModule:
    return ChatModule.objects.get(lang="es")


def test_prompt_is_answered_with_opener_and_mirrored(
    server: SentServer, mirror: FakeMirror
) -> None:
    server.chat.handle_event(DEVICE, request("prompt"))

    opener = spanish().opener
    (answer,) = answers(server)
    action = {"output_type": "GLOBAL_RESPONSE"}
    assert answer == {
        "command": "remote_chat",
        "result": 0,
        "backend": "router",
        "event_id": "e1",
        "input_speech": "",
        "output": {"text": opener, "markup": opener},
        "fallback": False,
        "response_action": action,
        "response_actions": [action],
    }
    ((text, options),) = mirror.texts
    assert text == opener
    assert (options["source"], options["device_id"]) == ("chat", DEVICE)


def test_replies_take_turns_with_placeholders_filled(server: SentServer) -> None:
    ChatModule.objects.update(replies="¿{speech}, {nickname}?\n\nSigue.")
    volley = {"config": {"child_pii": {"nickname": "Lucía"}}}

    for number in range(3):
        asked = request("continue", speech="Un gato", event_id=f"e{number}")
        server.chat.handle_request(DEVICE, asked, volley)

    texts = [answer["output"]["text"] for answer in answers(server)]
    assert texts == ["¿Un gato, Lucía?", "Sigue.", "¿Un gato, Lucía?"]
    assert answers(server)[0]["input_speech"] == "Un gato"


def test_silent_child_gets_reminder(server: SentServer) -> None:
    server.chat.handle_request(DEVICE, request("reprompt"))
    assert answers(server)[0]["output"]["text"] == spanish().reprompt


def test_repeated_request_gets_same_answer_without_mirror(
    server: SentServer, mirror: FakeMirror
) -> None:
    for _ in range(2):
        server.chat.handle_request(DEVICE, request("continue", speech="Hola"))

    first, second = answers(server)
    assert first == second
    assert len(mirror.texts) == 1


def test_foreign_module_gets_fallback_without_mirror(
    server: SentServer, mirror: FakeMirror
) -> None:
    server.chat.handle_request(DEVICE, request("continue", module_id="STORY", speech="Hola"))

    (answer,) = answers(server)
    assert answer["fallback"] is True
    assert answer["response_action"] == {"output_type": "FALLBACK"}
    assert answer["output"]["text"] == Configuration.load().chat_fallback
    assert mirror.texts == []


def test_reported_speech_is_handed_to_the_mirror(server: SentServer, mirror: FakeMirror) -> None:
    for module_id in ("STORY", conf.HIVE_CHAT_MODULE):
        told = request("notify", module_id=module_id, speech="Había una vez un robot.")
        server.chat.handle_request(DEVICE, told)

    assert mirror.heard == [
        (
            DEVICE,
            "Había una vez un robot.",
            {"event_id": "e1", "is_ours": is_ours, "seconds_ago": 0.0},
        )
        for is_ours in (False, True)
    ]
    assert server.published == []


@pytest.mark.parametrize("fields", [{"speech": None}, {"speech": 7}, {}])
def test_report_without_words_is_ignored(
    server: SentServer, mirror: FakeMirror, fields: dict[str, Any]
) -> None:
    server.chat.handle_request(DEVICE, request("notify", **fields))
    assert mirror.heard == []


def test_hosted_modules_are_listed_for_robots(server: SentServer) -> None:
    query = {"backend": "data", "query": {"query": "modules"}, "event_id": "q1"}
    server.chat.handle_event(DEVICE, query)

    (answer,) = answers(server)
    assert (answer["event_id"], answer["result"]) == ("q1", 0)
    (module,) = answer["query_data"]["modules"]
    assert module["info"] == {"id": conf.HIVE_CHAT_MODULE}
    ids = [content["info"]["id"] for content in module["content_infos"]]
    assert ids == ["default", "english"]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"backend": "data"},
        {"backend": "data", "query": "modules"},
        request("dance"),
        {"backend": "router"},
    ],
)
def test_invalid_chat_event_is_not_answered(server: SentServer, event: dict[str, Any]) -> None:
    server.chat.handle_event(DEVICE, event)
    assert server.published == []


def test_response_without_request_is_said(server: SentServer, mirror: FakeMirror) -> None:
    assert server.chat.process_chat_response(DEVICE, "Hola de nuevo")

    assert answers(server)[0]["output"]["text"] == "Hola de nuevo"
    assert mirror.texts[0][0] == "Hola de nuevo"
