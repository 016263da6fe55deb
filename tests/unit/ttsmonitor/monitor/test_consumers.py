"""The monitor's WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser, User

from tests.support.web_fakes import FakeService, utterance
from ttsmonitor import live_events
from ttsmonitor.monitor.routing import websocket_urlpatterns

pytestmark = pytest.mark.django_db(transaction=True)
CHANGE = {"event": "spoken", "utterance": {"id": "1"}}


@pytest.fixture(autouse=True)
def nobody_is_left_in_a_group() -> Iterator[None]:
    yield
    layer: Any = get_channel_layer()
    assert layer.groups == {}


def socket_of(user: Any) -> Any:
    communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/monitor/")
    communicator.scope["user"] = user
    return communicator


@pytest.fixture
async def page(speech: FakeService) -> AsyncIterator[Any]:
    """Open a page and read its snapshot."""
    communicator = socket_of(User(username="parent", is_superuser=True))
    assert (await communicator.connect())[0]
    assert (await communicator.receive_json_from())["type"] == "snapshot"
    yield communicator
    await communicator.disconnect()


async def test_snapshot_comes_first_and_is_complete(speech: FakeService) -> None:
    await database_sync_to_async(utterance)("Hola")
    await database_sync_to_async(utterance)("espera", status="queued", seconds_ago=5)
    communicator = socket_of(User(username="parent", is_superuser=True))
    await communicator.connect()
    snapshot = await communicator.receive_json_from()
    assert snapshot["type"] == "snapshot"
    assert snapshot["status"]["engine"] == "espeak es"
    assert [row["text"] for row in snapshot["recent"]] == ["Hola", "espera"]
    assert [row["text"] for row in snapshot["queue"]] == ["espera"]
    assert snapshot["stats"]["total"] == 2
    assert snapshot["activity"] == speech.activity()
    assert snapshot["health"]["ok"] is True
    await communicator.disconnect()


async def test_snapshot_is_bounded() -> None:
    for number in range(53):
        await database_sync_to_async(utterance)(f"row {number}", seconds_ago=100 - number)
    communicator = socket_of(User(username="parent", is_superuser=True))
    await communicator.connect()
    recent = (await communicator.receive_json_from())["recent"]
    assert len(recent) == 50
    assert recent[0]["text"] == "row 52"
    await communicator.disconnect()


async def test_socket_without_login_is_refused() -> None:
    communicator = socket_of(AnonymousUser())
    assert (await communicator.connect())[0] is False


async def test_socket_is_open_with_login_off(settings: Any) -> None:
    settings.MOXIE_REQUIRE_LOGIN = False
    communicator = socket_of(AnonymousUser())
    assert (await communicator.connect())[0] is True
    await communicator.disconnect()


async def test_event_from_a_thread_reaches_the_page(page: Any) -> None:
    live_events.bind(asyncio.get_running_loop())
    try:
        await asyncio.to_thread(live_events.push, live_events.MONITOR_GROUP, "utterance", CHANGE)
        assert await page.receive_json_from() == {"type": "utterance", **CHANGE}
    finally:
        live_events.bind(None)


async def test_page_asks_for_figures_and_snapshot_again(page: Any) -> None:
    await database_sync_to_async(utterance)("mientras")
    await page.send_json_to({"type": "figures"})
    figures = await page.receive_json_from()
    assert figures["type"] == "figures"
    assert figures["stats"]["total"] == 1
    assert set(figures) == {"type", "queue", "queue_count", "stats", "health"}
    await page.send_json_to({"type": "snapshot"})
    assert (await page.receive_json_from())["recent"][0]["text"] == "mientras"


@pytest.mark.parametrize("words", ["{", "[]", '"snapshot"', '{"type":"whole"}', '{"type":[]}'])
async def test_invalid_message_is_ignored(page: Any, words: str) -> None:
    await page.send_to(text_data=words)
    await page.send_to(bytes_data=b"\xff\x00")
    await page.send_json_to({"type": "figures"})
    assert (await page.receive_json_from())["type"] == "figures"


async def test_stopping_server_closes_with_restart_code(page: Any) -> None:
    layer: Any = get_channel_layer()
    bye = live_events.page_events([{"type": "bye"}])
    await layer.group_send(live_events.MONITOR_GROUP, bye)
    assert await page.receive_output() == {"type": "websocket.close", "code": 4012}
