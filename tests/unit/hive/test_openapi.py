"""The hive's answers match its OpenAPI document."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hive.models import ChatModule, Robot
from hive.openapi import VISIT
from tests.support.openapi import Described, routes
from tests.unit.hive.conftest import DEVICE, FakeMirror, SentServer

ROBOT = "/api/robots/{device_id}"
CHAT = "/api/chat/{visit}"
MINE = f"/api/robots/{DEVICE}"
TALK = f"/api/chat/{VISIT}"


@pytest.fixture
def site(browser: Client, robot: Robot, server: SentServer, mirror: FakeMirror) -> Described:
    return Described(browser)


def test_document_describes_exactly_the_endpoints(site: Described) -> None:
    assert set(site.document["paths"]) - {"/health"} == routes()


def test_answers_about_robots_are_as_described(site: Described) -> None:
    assert len(site.get("/api/robots")["robots"]) == 1
    site.get(MINE, ROBOT)
    site.post(f"{MINE}/speak", {"text": "Hola", "mood": "shy"}, f"{ROBOT}/speak", 202)
    site.post(f"{MINE}/interrupt", {}, f"{ROBOT}/interrupt", 202)
    site.post(f"{MINE}/wakeup", {}, f"{ROBOT}/wakeup", 202)
    assert site.post(f"{MINE}/puppet", {"enabled": True}, f"{ROBOT}/puppet")["puppet_mode"]


def test_answers_about_approval_are_as_described(site: Described, parent: User) -> None:
    parent.is_superuser = True
    parent.save()
    site.get("/api/admission")
    assert site.post("/api/admission", {"enabled": True})["mode"] == "always"
    site.post(f"{MINE}/forget", {}, f"{ROBOT}/forget", 409)
    assert site.post(f"{MINE}/revoke", {}, f"{ROBOT}/revoke")["approval"] == "refused"
    site.post(f"{MINE}/wakeup", {}, f"{ROBOT}/wakeup", 409)
    assert site.post(f"{MINE}/approve", {}, f"{ROBOT}/approve")["approval"] == "approved"
    site.post(f"{MINE}/revoke", {}, f"{ROBOT}/revoke")
    site.post(f"{MINE}/forget", {}, f"{ROBOT}/forget")


def test_answers_without_a_robot_are_as_described(site: Described) -> None:
    site.post("/api/loudspeaker/speak", {"text": "Hola"}, status=202)
    site.post("/api/loudspeaker/interrupt", {}, status=202)
    assert site.post("/api/favourites", {"text": "Hola", "mood": "shy"})["favourites"]
    assert site.get("/api/favourites")["favourites"]
    assert not site.post("/api/favourites", {"text": "Hola", "kept": False})["favourites"]
    site.post("/api/favourites", {"text": ""}, status=400)
    site.post("/api/loudspeaker/speak", {"text": ""}, status=400)


def test_conversation_answers_are_as_described(site: Described, modules: list[ChatModule]) -> None:
    site.post(TALK, {"text": "Hola, Moxie"}, CHAT, 202)
    site.post(f"{TALK}/interrupt", {}, f"{CHAT}/interrupt", 202)
    assert site.get(TALK, CHAT)["lines"]


def test_refusals_are_as_described(site: Described) -> None:
    site.get("/api/robots/nobody", ROBOT, 404)
    site.get("/api/chat/nobody", CHAT, 404)
    site.post(f"{MINE}/speak", {"text": ""}, f"{ROBOT}/speak", 400)
    site.post(f"{MINE}/puppet", {"enabled": 1}, f"{ROBOT}/puppet", 400)


@pytest.mark.parametrize(("language", "words"), [("en", "One robot"), ("es", "Un robot")])
def test_page_is_in_the_visitors_language(
    site: Described, browser: Client, language: str, words: str
) -> None:
    page = browser.get("/api/", headers={"accept-language": language}).content.decode()
    assert f"<p>{words}</p>" in page
    assert f"http://testserver{MINE}/speak" in page
