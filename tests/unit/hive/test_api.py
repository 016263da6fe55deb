"""The JSON API: actions and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from hive.api.robots import COMMAND_BYTES
from hive.models import Robot, departure
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer
from ttsmirror.wire.fields import PAYLOAD_BYTES, dump
from ttsmonitor.web.labels import MOODS

BASE = f"/api/robots/{DEVICE}"


def post(client: Client, path: str, body: Any) -> Any:
    data = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"{BASE}{path}", data, content_type="application/json")


def test_robots_are_listed(browser: Client, robot: Robot) -> None:
    (listed,) = browser.get("/api/robots").json()["robots"]
    assert listed == browser.get(BASE).json()
    assert (listed["device_id"], listed["online"]) == (DEVICE, True)


def test_speaking_is_accepted_with_an_id(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror
) -> None:
    Robot.objects.update(puppet_mode=True)
    response = post(browser, "/speak", {"text": " Hola ", "mood": "shy", "intensity": 1})

    answer = response.json()
    assert response.status_code == 202
    assert (answer["robot"], answer["detail"]) == ("online", "")
    ((text, options),) = mirror.texts
    assert (text, options["mood"], options["intensity"]) == ("Hola", "shy", 1.0)
    assert str(options["utterance_id"]) == answer["id"]
    assert len(server.published) == 1


def test_speech_for_an_offline_robot_is_spoken_aloud(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror
) -> None:
    Robot.objects.write(DEVICE, departure())
    response = post(browser, "/speak", {"text": "Hola"})

    assert response.status_code == 202
    assert response.json()["robot"] == "offline"
    assert "offline" in response.json()["detail"]
    assert [text for text, _options in mirror.texts] == ["Hola"]


def test_answer_has_the_delivery_to_the_robot(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror
) -> None:
    line = post(browser, "/speak", {"text": "Hola"}).json()["line"]
    assert (line["robot"], line["robot_error"]) == ("sent", "")
    Robot.objects.write(DEVICE, departure())
    line = post(browser, "/speak", {"text": "Hola"}).json()["line"]
    assert (line["robot"], line["robot_error"]) == ("offline", "the robot is offline")
    server.has_broker = False
    line = post(browser, "/speak", {"text": "Hola"}).json()["line"]
    assert (line["robot"], line["robot_error"]) == ("offline", "the broker cannot be reached")


def test_interrupt_ends_sent_lines(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror
) -> None:
    post(browser, "/speak", {"text": "Hola"})
    post(browser, "/interrupt", {})
    assert [line["robot"] for line in server.lines.recent(DEVICE)] == ["interrupted"]


def test_loudspeaker_speaks_and_stops_without_a_robot(
    browser: Client, server: SentServer, mirror: FakeMirror
) -> None:
    def send(name: str, **body: Any) -> Any:
        path = f"/api/loudspeaker/{name}"
        return browser.post(path, json.dumps(body), content_type="application/json")

    answer = send("speak", text="&" * 20_000, mood="shy", intensity=1)
    assert answer.status_code == 202, "no robot's message bounds it"
    ((text, options),) = mirror.texts
    assert (len(text), options["source"], options["mood"]) == (20_000, "puppet_mode", "shy")
    assert "device_id" not in options
    assert str(options["utterance_id"]) == answer.json()["id"] == answer.json()["line"]["id"]
    assert answer.json()["line"]["robot_way"] is None
    assert "broker" in answer.json()["detail"], "which is not connected here"
    assert [line["device_id"] for line in server.lines.recent("")] == [""]

    assert send("interrupt").status_code == 202
    assert [(each.action, each.device_id) for each in mirror.controls] == [("interrupt", "")]
    assert server.published == [], "no robot is involved"
    assert send("speak", text=" ").json()["error"] == "empty_text"


@pytest.mark.parametrize(("sign", "bytes_each"), [("&", 6), ("👋", 8), ("ñ", 4)])
def test_speech_too_large_for_a_robot_is_refused(
    browser: Client,
    robot: Robot,
    server: SentServer,
    mirror: FakeMirror,
    sign: str,
    bytes_each: int,
) -> None:
    longest = sign * ((PAYLOAD_BYTES - 300) // bytes_each)
    assert post(browser, "/speak", {"text": longest, "mood": "happy"}).status_code == 202
    ((_topic, payload),) = server.published
    around = len(dump(payload)) - len(dump(payload["message"]["output"]))
    assert around <= COMMAND_BYTES

    too_long = sign * (PAYLOAD_BYTES // bytes_each)
    refused = post(browser, "/speak", {"text": too_long, "mood": "happy"})
    assert (refused.status_code, refused.json()["error"]) == (400, "text_too_long")
    assert "64 KiB" in refused.json()["detail"]
    assert len(mirror.texts) == len(server.published) == 1


def test_missing_broker_is_reported(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror
) -> None:
    server.has_broker = False
    answer = post(browser, "/speak", {"text": "Hola"}).json()
    assert answer["robot"] == "offline"
    assert "broker" in answer["detail"]
    assert len(mirror.texts) == 1


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"text": ""}, "empty_text", "nothing to say"),
        ({"text": " \n "}, "empty_text", "nothing to say"),
        ({"text": 3}, "empty_text", "nothing to say"),
        ({}, "empty_text", "nothing to say"),
        ({"text": "a" * 20_001}, "text_too_long", "20000"),
        ({"text": "a", "mood": "hungry"}, "unknown_mood", "neutral"),
        ({"text": "a", "mood": []}, "unknown_mood", "neutral"),
        ({"text": "a", "intensity": 1.01}, "invalid_intensity", "0 to 1"),
        ({"text": "a", "intensity": -0.1}, "invalid_intensity", "0 to 1"),
        ({"text": "a", "intensity": "1"}, "invalid_intensity", "0 to 1"),
        ({"text": "a", "intensity": True}, "invalid_intensity", "0 to 1"),
        ('{"text": "a", "intensity": NaN}', "invalid_intensity", "0 to 1"),
        ("not json", "invalid_json", "JSON object"),
        ("[1]", "invalid_json", "JSON object"),
        ("[" * 100_000, "invalid_json", "JSON object"),
    ],
)
def test_invalid_speech_is_refused_with_a_sentence(
    browser: Client,
    robot: Robot,
    server: SentServer,
    mirror: FakeMirror,
    body: Any,
    code: str,
    words: str,
) -> None:
    response = post(browser, "/speak", body)

    assert response.status_code == 400
    assert response.json()["error"] == code
    assert words in response.json()["detail"]
    assert mirror.texts == []
    assert server.published == []


@pytest.mark.parametrize("mood", MOODS)
def test_every_mood_can_be_spoken(
    browser: Client, robot: Robot, server: SentServer, mood: str
) -> None:
    assert post(browser, "/speak", {"text": "a" * 20_000, "mood": mood}).status_code == 202


def test_half_a_surrogate_pair_is_cleaned(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror
) -> None:
    assert post(browser, "/speak", '{"text": "a\\ud83d\\u0000b"}').status_code == 202
    mirror.texts[0][0].encode()


def test_interrupt_and_wakeup_reach_the_robot(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror
) -> None:
    assert post(browser, "/interrupt", {}).status_code == 202
    assert post(browser, "/wakeup", {}).json() == {"robot": "online", "detail": ""}

    topics = [topic.rsplit("/", 1)[1] for topic, _payload in server.published]
    assert topics == ["telehealth", "wakeup"]
    assert len(mirror.controls) == 1


def test_puppet_mode_is_started_and_stopped(
    browser: Client, robot: Robot, server: SentServer
) -> None:
    assert post(browser, "/puppet", {"enabled": True}).json()["puppet_mode"] is True
    assert Robot.objects.get().puppet_mode
    assert post(browser, "/puppet", {"enabled": False}).json()["puppet_mode"] is False
    assert post(browser, "/puppet", {"enabled": "yes"}).json()["error"] == "invalid_enabled"


@pytest.mark.parametrize("path", ["/speak", "/interrupt", "/puppet", "/wakeup"])
def test_unknown_robot_is_404(browser: Client, server: SentServer, path: str) -> None:
    body = {"text": "a", "enabled": True}
    response = post(browser, path, body)
    assert (response.status_code, response.json()["error"]) == (404, "not_found")


def test_wrong_method_is_405(browser: Client, robot: Robot) -> None:
    response = browser.get(f"{BASE}/speak")
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_speech_needs_login_and_csrf_token(
    browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror, parent: Any
) -> None:
    assert post(Client(), "/speak", {"text": "a"}).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(parent)
    assert post(strict, "/speak", {"text": "a"}).status_code == 403
    assert mirror.texts == []
