"""The WebSocket of browser listeners."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser, User

from tests.support.fakes import RATE
from tests.support.web_fakes import FakeService
from ttsmonitor import live_events
from ttsmonitor.audio.browser import BrowserOutput, End, Event, Silence, Sound, Start
from ttsmonitor.monitor.listening import messages
from ttsmonitor.monitor.routing import websocket_urlpatterns
from ttsmonitor.service import service
from ttsmonitor.web.live_consumer import open_sockets

# The thread that connects may hold a database connection of another test.
pytestmark = pytest.mark.django_db(transaction=True)

STEP = RATE // 100
SLICE = bytes(range(1, 221)) * 2


@pytest.fixture(autouse=True)
def nobody_is_left_behind(speech: FakeService) -> Iterator[None]:
    yield
    layer: Any = get_channel_layer()
    assert layer.groups == {}
    assert open_sockets() == 0
    if speech.browser is not None:
        assert speech.browser._listeners == []


def socket_of(user: Any) -> Any:
    communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/listen/")
    communicator.scope["user"] = user
    return communicator


async def open_listener() -> Any:
    communicator = socket_of(User(username="parent", is_superuser=True))
    assert (await communicator.connect())[0]
    return communicator


@pytest.fixture
async def page() -> AsyncIterator[Any]:
    """Open a listener."""
    communicator = await open_listener()
    assert await communicator.receive_json_from() == {"type": "snapshot", "available": True}
    yield communicator
    await communicator.disconnect()


@pytest.fixture
def output(speech: FakeService) -> BrowserOutput:
    assert speech.browser is not None
    return speech.browser


async def sound_of(page: Any) -> tuple[int, bytes]:
    """Return position and samples of the next sound message."""
    data = await page.receive_from()
    assert isinstance(data, bytes), data
    return struct.unpack("<I", data[:4])[0], data[4:]


async def test_sound_arrives_with_rate_and_positions(page: Any, output: BrowserOutput) -> None:
    await asyncio.to_thread(output.begin, "an-id", RATE)
    assert await page.receive_json_from() == {"type": "start", "id": "an-id", "rate": RATE}
    await asyncio.to_thread(output.write, SLICE)
    assert await sound_of(page) == (0, SLICE)
    for _ in range(2):
        output.write(SLICE)
    assert await sound_of(page) == (STEP, 2 * SLICE), "what lies together goes together"
    output.flush()
    assert await page.receive_json_from() == {"type": "silence"}
    output.end()
    assert await page.receive_json_from() == {"type": "end"}


async def test_late_listener_hears_the_rest(page: Any, output: BrowserOutput) -> None:
    output.begin("an-id", RATE)
    output.write(SLICE)
    await page.receive_json_from()
    assert await sound_of(page) == (0, SLICE)
    late = await open_listener()
    await late.receive_json_from()
    assert await late.receive_json_from() == {"type": "start", "id": "an-id", "rate": RATE}
    output.write(SLICE)
    assert await sound_of(page) == (STEP, SLICE) == await sound_of(late)
    await late.disconnect()


async def test_listener_without_confirmations_resumes_at_current_sound(
    page: Any, output: BrowserOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.monitor.listening.MOST_UNCONFIRMED", len(SLICE))
    output.begin("an-id", RATE)
    output.write(SLICE)
    await page.receive_json_from()
    await sound_of(page)
    for _ in range(300):
        output.write(SLICE)
    assert await page.receive_nothing(0.1)
    await page.send_json_to({"type": "got", "bytes": 4 + len(SLICE)})
    assert (await page.receive_json_from())["type"] == "start"
    position, pcm = await sound_of(page)
    assert position > STEP and position + len(pcm) // 2 == 301 * STEP


async def test_silence_is_sent_before_gathered_sound(
    page: Any, output: BrowserOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.monitor.listening.GATHER_SECONDS", 30.0)
    output.begin("an-id", RATE)
    await page.receive_json_from()
    output.write(SLICE)
    assert await page.receive_nothing(0.05)
    await asyncio.to_thread(output.flush)
    assert await sound_of(page) == (0, SLICE)
    assert await page.receive_json_from() == {"type": "silence"}


@pytest.mark.parametrize("words", ["{", '{"type":"got"}', '{"type":"got","bytes":"9"}', "[]"])
async def test_invalid_message_is_ignored(page: Any, output: BrowserOutput, words: str) -> None:
    await page.send_to(text_data=words)
    await page.send_to(bytes_data=b"\xff\x00")
    output.begin("an-id", RATE)
    assert (await page.receive_json_from())["type"] == "start"


async def test_silent_connection_gets_beats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ttsmonitor.monitor.listening.BEAT_SECONDS", 0.02)
    page = await open_listener()
    await page.receive_json_from()
    for _ in range(2):
        assert await page.receive_json_from() == {"type": "beat"}
    await page.disconnect()


async def test_snapshot_reports_disabled_browser_output(speech: FakeService) -> None:
    speech.browser = None
    page = await open_listener()
    assert await page.receive_json_from() == {"type": "snapshot", "available": False}
    await page.disconnect()


async def test_listener_is_refused_while_the_service_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "current", lambda: None)
    assert (await socket_of(User(username="parent", is_superuser=True)).connect())[0] is False


async def test_listening_without_login_is_refused() -> None:
    assert (await socket_of(AnonymousUser()).connect())[0] is False


async def test_stopping_server_closes_with_restart_code(page: Any) -> None:
    live_events.bind(asyncio.get_running_loop())
    try:
        live_events.push(live_events.LISTENERS_GROUP, "bye", {})
        assert await page.receive_output() == {"type": "websocket.close", "code": 4012}
    finally:
        live_events.bind(None)


def test_sound_after_a_gap_is_a_new_message() -> None:
    heard: list[Event] = [
        Start("an-id", RATE),
        Sound(b"\1\0", 0.1, 0),
        Sound(b"\2\0", 0.1, 1),
        Silence(),
        Sound(b"\2\0", 0.1, 1),
        Sound(b"\3\0", 0.1, 9),
        End(),
    ]
    made = [each if isinstance(each, bytes) else json.dumps(each) for each in messages(heard)]
    assert made == [
        f'{{"type": "start", "id": "an-id", "rate": {RATE}}}',
        b"\0\0\0\0\1\0\2\0",
        '{"type": "silence"}',
        b"\1\0\0\0\2\0",
        b"\x09\0\0\0\3\0",
        '{"type": "end"}',
    ]
