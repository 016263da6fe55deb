"""The WebSockets: a snapshot, then changes, then goodbye."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser, User
from django.db import OperationalError

from hive import snapshot
from hive.chat.sessions import CHILD
from hive.events import push_bye, push_chat, push_favourites, push_line, push_robot
from hive.models import Robot, departure
from hive.routing import websocket_urlpatterns
from tests.unit.hive.conftest import DEVICE, SentServer
from ttsmonitor import live_events
from ttsmonitor.web.live_consumer import SERVICE_RESTART, open_sockets

pytestmark = pytest.mark.django_db(transaction=True)
PUPPET = f"/ws/puppet/{DEVICE}/"


@pytest.fixture(autouse=True)
async def serving() -> AsyncIterator[None]:
    """Direct pushes to this event loop, and check that no group outlives its page."""
    live_events.bind(asyncio.get_running_loop())
    yield
    live_events.bind(None)
    layer: Any = get_channel_layer()
    assert layer.groups == {}
    assert open_sockets() == 0


def open_page(path: str, user: Any = None) -> WebsocketCommunicator:
    page = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    page.scope["user"] = user or User(username="parent", is_superuser=True)
    return page


async def connected(path: str) -> tuple[WebsocketCommunicator, Any]:
    page = open_page(path)
    assert (await page.connect())[0]
    return page, await page.receive_json_from()


async def test_dashboard_gets_robots_then_changes(robot: Robot, server: SentServer) -> None:
    page, snapshot = await connected("/ws/hive/")
    assert snapshot["type"] == "snapshot"
    assert [item["device_id"] for item in snapshot["robots"]] == [DEVICE]
    assert snapshot["speech"]["status"] == "offline"

    await sync_to_async(Robot.objects.write)(DEVICE, departure())
    push_robot(await Robot.objects.aget(device_id=DEVICE))
    change = await page.receive_json_from()
    assert (change["type"], change["robot"]["online"]) == ("robot", False)

    await page.send_json_to({"type": "snapshot"})
    assert (await page.receive_json_from())["robots"][0]["online"] is False
    await page.disconnect()


async def test_puppet_page_gets_only_own_robot_events(robot: Robot, server: SentServer) -> None:
    await Robot.objects.acreate(device_id="d_other")
    page, snapshot = await connected(PUPPET)
    assert (snapshot["robot"]["device_id"], snapshot["lines"]) == (DEVICE, [])

    push_robot(await Robot.objects.aget(device_id="d_other"))
    push_line(server.lines.add(uuid.uuid4(), "d_other", "Nada", "happy", 0.5))
    push_line(server.lines.add(uuid.uuid4(), DEVICE, "Hola", "happy", 0.5))

    heard = await page.receive_json_from()
    assert (heard["type"], heard["line"]["text"]) == ("line", "Hola")
    assert await page.receive_nothing()
    await page.disconnect()


async def test_loudspeaker_page_gets_no_robot_lines(robot: Robot, server: SentServer) -> None:
    page, snapshot = await connected("/ws/loudspeaker/")
    assert (snapshot["robot"], snapshot["lines"], snapshot["favourites"]) == (None, [], [])

    push_robot(await Robot.objects.aget(device_id=DEVICE))
    push_line(server.lines.add(uuid.uuid4(), DEVICE, "Nada", "happy", 0.5))
    push_line(server.lines.add(uuid.uuid4(), "", "Hola", "happy", 0.5))
    push_favourites([])

    # Events keep their order within each of the two groups only.
    news = {event["type"]: event for event in [await page.receive_json_from() for _ in range(2)]}
    assert news.keys() == {"line", "favourites"}
    assert news["line"]["line"]["text"] == "Hola"
    await page.disconnect()


async def test_robot_report_advances_line(robot: Robot, server: SentServer) -> None:
    page, _snapshot = await connected(PUPPET)
    line_id = server.lines.add(uuid.uuid4(), DEVICE, "Hola", "happy", 0.5)["id"]
    server.lines.sent_to_robot(line_id, "")
    state = {"subtopic": "telehealth", "message": {"state": "IN_SESSION"}}
    topic = f"/devices/{DEVICE}/events/client-service-activity-log"
    await sync_to_async(server.report)(topic, state)
    await sync_to_async(server._handle_confirmation)(line_id, True)

    events = [await page.receive_json_from() for _ in range(4)]
    assert [event["line"]["robot"] for event in events if event["type"] == "line"] == [
        "speaking",
        "said",
    ]
    await page.disconnect()


async def test_speech_event_advances_line(robot: Robot, server: SentServer) -> None:
    server.speech.update_broker_error("")
    server.speech.update_presence("online")
    page, _snapshot = await connected(PUPPET)
    utterance_id = uuid.uuid4()
    server.lines.add(utterance_id, DEVICE, "Hola", "happy", 0.5)

    message = {
        "id": str(utterance_id),
        "event": "playing",
        "status": "playing",
        "current_text": "Hola",
        "queue_size": 0,
    }
    await sync_to_async(server._handle_status)(message)

    told = {event["type"]: event for event in [await page.receive_json_from() for _ in range(2)]}
    assert told["line"]["line"]["state"] == "playing"
    assert "speech" in told
    await page.disconnect()


async def test_stop_closes_pages(robot: Robot, server: SentServer) -> None:
    pages = [(await connected(path))[0] for path in ("/ws/hive/", PUPPET)]
    assert open_sockets() == 2
    push_bye()
    for page in pages:
        assert await page.receive_output() == {"type": "websocket.close", "code": SERVICE_RESTART}
        await page.disconnect()


@pytest.mark.parametrize("path", ["/ws/hive/", PUPPET, "/ws/loudspeaker/"])
async def test_anonymous_page_is_refused(robot: Robot, path: str) -> None:
    page = open_page(path, AnonymousUser())
    assert not (await page.connect())[0]
    await page.disconnect()


@pytest.mark.parametrize("device_id", ["d_nobody", "\0"])
async def test_unknown_robot_has_no_page(robot: Robot, device_id: str) -> None:
    page = open_page(f"/ws/puppet/{device_id}/")
    assert not (await page.connect())[0]
    await page.disconnect()


@pytest.mark.parametrize("sent", ["not json", "[]", '{"type": "other"}', "[" * 100_000])
async def test_invalid_page_message_is_ignored(robot: Robot, server: SentServer, sent: str) -> None:
    page, _snapshot = await connected("/ws/hive/")
    await page.send_to(text_data=sent)
    await page.send_json_to({"type": "snapshot"})
    assert (await page.receive_json_from())["type"] == "snapshot"
    await page.disconnect()


async def test_unapproved_robot_has_no_page(robot: Robot) -> None:
    await Robot.objects.aupdate(approval="waiting")
    page = open_page(PUPPET)
    assert not (await page.connect())[0]
    await page.disconnect()


async def test_dashboard_learns_of_waiting_and_gone_robots(
    robot: Robot, server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIVE_ALLOW_NEW_ROBOTS", "ask")
    server.robots._changes.clear()
    await sync_to_async(server.robots._read)()
    page, snapshot = await connected("/ws/hive/")
    assert snapshot["admission"]["waiting"] == 0
    await sync_to_async(server.report)("/devices/d_new/state", {})
    event = await page.receive_json_from()
    assert (event["type"], event["robot"]["approval"]) == ("robot", "waiting")
    await sync_to_async(server._push_admission)()
    event = await page.receive_json_from()
    assert (event["type"], event["admission"]["waiting"]) == ("admission", 1)
    await sync_to_async(Robot.objects.filter(device_id="d_new").delete)()
    await sync_to_async(server.robots._read)()
    assert await page.receive_json_from() == {"type": "gone", "device_id": "d_new"}
    await page.disconnect()


async def test_conversation_page_gets_only_own_lines(server: SentServer) -> None:
    visit, other = "page_0123456789abcdef", "page_fedcba9876543210"
    server.chat.visits.put(visit, "1", CHILD, "Hola")
    page, snapshot = await connected(f"/ws/chat/{visit}/")
    assert [line["text"] for line in snapshot["lines"]] == ["Hola"]
    assert {"modules", "speech"} <= snapshot.keys()

    push_chat(other, {"text": "no"})
    push_chat(visit, {"text": "sí"})
    event = await page.receive_json_from()
    assert (event["type"], event["line"]) == ("chat", {"text": "sí"})
    await page.disconnect()


async def test_unknown_conversation_has_no_page(server: SentServer) -> None:
    page = open_page(f"/ws/chat/{DEVICE}/")
    assert not (await page.connect())[0]


async def test_unreadable_snapshot_closes_page_for_reconnect(
    robot: Robot, server: SentServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(robot: Robot) -> Any:
        raise OperationalError("database is locked")

    page, _snapshot = await connected(PUPPET)
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "puppet", fail)
        await page.send_json_to({"type": "snapshot"})
        assert await page.receive_output() == {"type": "websocket.close", "code": SERVICE_RESTART}
    await page.disconnect()
