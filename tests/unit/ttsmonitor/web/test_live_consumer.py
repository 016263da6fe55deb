"""The live consumer: snapshot, ordered changes, goodbye; pages do not delay each other."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User

from ttsmonitor.live_events import page_events
from ttsmonitor.web.live_consumer import SERVICE_RESTART, LiveConsumer, open_sockets

# The answering thread may hold a database connection of another test.
pytestmark = pytest.mark.django_db(transaction=True)
GROUP = "test"


class Page(LiveConsumer):
    """A page whose answers wait for `gate`."""

    gate: ClassVar = threading.Event()
    asked: ClassVar = threading.Event()
    made: ClassVar[list[str]] = []
    answers: ClassVar = {
        "snapshot": lambda self: self.make("snapshot"),
        "figures": lambda self: self.make("figures") | {"count": self.made.count("figures")},
        "fail": lambda self: {"result": 1 // 0},
    }
    shared: ClassVar = ("figures",)

    def wanted_groups(self) -> list[str]:
        return [GROUP]

    def concerns(self, kind: str, text: str) -> bool:
        return kind != "foreign"

    def make(self, kind: str) -> dict[str, Any]:
        self.asked.set()
        assert self.gate.wait(5)
        self.made.append(kind)
        return {}


@pytest.fixture(autouse=True)
def layer() -> Iterator[Any]:
    Page.gate.set()
    Page.asked.clear()
    Page.made.clear()
    made: Any = get_channel_layer()
    yield made
    assert made.groups == {}
    assert open_sockets() == 0


def socket() -> Any:
    communicator = WebsocketCommunicator(Page.as_asgi(), "/")
    communicator.scope["user"] = User(username="parent", is_superuser=True)
    return communicator


async def opened() -> Any:
    communicator = socket()
    assert (await communicator.connect())[0]
    assert await communicator.receive_json_from() == {"type": "snapshot"}
    return communicator


async def push(layer: Any, *kinds: str) -> None:
    await layer.group_send(GROUP, page_events([{"type": kind} for kind in kinds]))


async def test_events_during_the_snapshot_follow_it_in_order(layer: Any) -> None:
    Page.gate.clear()
    page = socket()
    assert (await page.connect())[0]
    assert await asyncio.to_thread(Page.asked.wait, 5)
    await push(layer, "one")
    await push(layer, "two", "foreign", "three")
    Page.gate.set()
    assert await page.receive_json_from() == {"type": "snapshot"}
    assert await page.receive_json_from() == {"type": "one"}
    assert await page.receive_json_from() == [{"type": "two"}, {"type": "three"}]
    await page.disconnect()


async def test_slow_page_does_not_delay_the_others(layer: Any) -> None:
    is_stuck = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        if '"event"' in message.get("text", ""):
            is_stuck.set()
            await asyncio.Event().wait()

    incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    incoming.put_nowait({"type": "websocket.connect"})
    scope = {"type": "websocket", "user": User(username="parent", is_superuser=True), "headers": []}
    stuck = asyncio.create_task(Page.as_asgi()(scope, incoming.get, send))
    page = await opened()
    await push(layer, "event")
    assert await page.receive_json_from() == {"type": "event"}
    await asyncio.wait_for(is_stuck.wait(), 5)
    for number in range(3):
        await push(layer, f"later {number}")
        assert await page.receive_json_from() == {"type": f"later {number}"}
    await page.disconnect()
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)


async def test_events_do_not_wait_for_an_answer(layer: Any) -> None:
    page = await opened()
    Page.gate.clear()
    await page.send_json_to({"type": "figures"})
    await push(layer, "event")
    assert await page.receive_json_from() == {"type": "event"}
    Page.gate.set()
    assert await page.receive_json_from() == {"type": "figures", "count": 1}
    await page.disconnect()


async def test_simultaneous_requests_share_one_later_answer(layer: Any) -> None:
    pages = [await opened() for _ in range(5)]
    Page.gate.clear()
    Page.asked.clear()
    await pages[0].send_json_to({"type": "figures"})
    assert await asyncio.to_thread(Page.asked.wait, 5)
    for page in pages[1:]:
        await page.send_json_to({"type": "figures"})
        await push(layer, "event")
        assert await page.receive_json_from() == {"type": "event"}, "so it has asked"
    Page.gate.set()
    counts = []
    for page in pages:
        while (message := await page.receive_json_from())["type"] == "event":
            pass
        counts.append(message["count"])
    assert counts == [1, 2, 2, 2, 2]
    for page in pages:
        await page.disconnect()


async def test_goodbye_closes_the_page_after_earlier_events(layer: Any) -> None:
    page = await opened()
    await push(layer, "last", "bye")
    assert json.loads((await page.receive_output())["text"]) == {"type": "last"}
    assert await page.receive_output() == {"type": "websocket.close", "code": SERVICE_RESTART}
    await page.disconnect()


async def test_failing_answer_closes_the_socket(caplog: pytest.LogCaptureFixture) -> None:
    page = await opened()
    await page.send_json_to({"type": "fail"})
    assert await page.receive_output() == {"type": "websocket.close", "code": SERVICE_RESTART}
    assert "answer fail failed" in caplog.text
    await page.disconnect()


async def test_snapshot_renews_the_membership(layer: Any) -> None:
    page = await opened()
    (channel,) = layer.groups[GROUP]
    layer.groups[GROUP][channel] = 1.0  # its membership has expired
    await page.send_json_to({"type": "snapshot"})
    assert await page.receive_json_from() == {"type": "snapshot"}
    await push(layer, "event")
    assert await page.receive_json_from() == {"type": "event"}
    await page.disconnect()


async def test_failing_channel_layer_ends_the_socket(
    layer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(channel: str) -> Any:
        raise ConnectionError("no Redis answers")

    monkeypatch.setattr(layer, "receive", fail)
    page = await opened()
    with pytest.raises(ConnectionError):
        await page.receive_output()
