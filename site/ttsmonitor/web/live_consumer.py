"""The WebSocket of a page: a snapshot, then changes, and a goodbye when the server stops."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Callable
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from ttsmonitor.live_events import encode
from ttsmonitor.web.access import may_enter
from ttsmonitor.web.open_sockets import OpenSockets
from ttsmonitor.web.time_zone import in_zone, zone_of

logger = logging.getLogger(__name__)

SERVICE_RESTART = 4012
"""Means what 1012 means, which Daphne refuses: an application may use 1000, and 3000 and above."""
LOGGED_OUT = 4401
"""The login or token of the page has ended."""
GOODBYE_SECONDS = 1.0

_open = OpenSockets()
_made: dict[tuple[type[LiveConsumer], str, ZoneInfo | None], tuple[float, str]] = {}
"""Shared answers with the time at which each was begun. One thread makes them all."""


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A pipe from groups of the channel layer to a page.

    Channels dispatches one message after another, so events that arrive while the snapshot is
    made are sent after it. Events of one moment come in one message, as a list.

    A page asks for everything again with `{"type": "snapshot"}`.
    """

    answers: ClassVar[dict[str, Callable[[Any], dict[str, Any]]]] = {}
    """The types that a page may ask for; each function makes the answer, in a thread."""
    shared: ClassVar[tuple[str, ...]] = ()
    """Requests with the same answer for all pages of a time zone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start outside of all groups."""
        super().__init__(*args, **kwargs)
        self._joined: list[str] = []
        self._asked: dict[str, float] = {}
        self._answering: asyncio.Task[None] | None = None

    def wanted_groups(self) -> list[str]:
        """Return the groups whose events this page gets."""
        raise NotImplementedError

    @property
    def is_open(self) -> bool:
        """True from acceptance to disconnection."""
        return self in _open

    def concerns(self, kind: str, text: str) -> bool:
        """Return True if an event, by its type and its JSON, is for this page."""
        return True

    async def exists(self) -> bool:
        """Return True if the subject of this page exists."""
        return True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve the socket, and forget it however that ends."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            _open.discard(self)
            if self._answering is not None:
                self._answering.cancel()
            for group in self._joined:
                await self.channel_layer.group_discard(group, self.channel_name)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """Call the handler of a message.

        Channels looks after database connections before each message, in the thread that makes
        the answers, and so a slow answer would delay events. Answers do that themselves.
        """
        if message["type"] == "websocket.connect":
            await super().dispatch(message)
        else:
            await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Accept the socket and send the snapshot, or refuse it."""
        is_allowed = await database_sync_to_async(may_enter)(self.scope)
        if not is_allowed or not await self.exists():
            await self.close()
            return
        _open.add(self)
        await self.accept()
        await self._send_snapshot()

    async def disconnect(self, code: int) -> None:
        """Count the socket as closed."""
        _open.discard(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Decode a message of the page; ignore it if it is not a JSON object."""
        try:
            message = json.loads(text_data or "")
        except (ValueError, RecursionError):
            return
        if isinstance(message, dict):
            await self.handle(message)

    async def handle(self, message: dict[str, Any]) -> None:
        """Answer a message of the page."""
        kind = message.get("type")
        if kind == "snapshot":
            await self._send_snapshot()
        elif kind in list(self.answers):
            self._asked[kind] = time.monotonic()
            if self._answering is None or self._answering.done():
                self._answering = asyncio.create_task(self._send_answers())

    async def page_events(self, message: dict[str, Any]) -> None:
        """Send the events of a group that concern this page."""
        if not self.is_open:
            return
        events = list(zip(message["kinds"], message["texts"], strict=True))
        texts = [text for kind, text in events if kind != "bye" and self.concerns(kind, text)]
        if texts:
            await self.send(text_data=texts[0] if len(texts) == 1 else f"[{','.join(texts)}]")
        if "bye" in message["kinds"]:
            await self.say_goodbye()

    async def say_goodbye(self) -> None:
        """Close the socket; the page connects again."""
        await self.close(code=SERVICE_RESTART)
        _open.discard(self)

    async def end_access(self) -> None:
        """Close the socket because its login or token has ended; the page leads to the login."""
        await self.close(code=LOGGED_OUT)
        _open.discard(self)

    async def _send_snapshot(self) -> None:
        """Join the groups, so that no event falls between, then send the snapshot.

        Every snapshot joins again: a layer forgets a member after a day.
        """
        self._joined = self.wanted_groups()
        for group in self._joined:
            await self.channel_layer.group_add(group, self.channel_name)
        await self._send_answer("snapshot", time.monotonic())

    async def _send_answers(self) -> None:
        """Answer a request. Events do not wait for the answer, unlike for a snapshot."""
        while self._asked:
            await self._send_answer(*self._asked.popitem())

    async def _send_answer(self, kind: str, asked_at: float) -> None:
        zone = zone_of(self.scope.get("cookies", {}))
        try:
            text = await database_sync_to_async(self._make_answer)(kind, zone, asked_at)
        except Exception:
            logger.exception("answer %s failed", kind)
            await self.say_goodbye()
            return
        await self.send(text_data=text)

    def _make_answer(self, kind: str, zone: ZoneInfo | None, asked_at: float) -> str:
        """Return an answer as JSON; one that was begun after `asked_at` serves other pages too."""
        is_shared, key = kind in self.shared, (type(self), kind, zone)
        begun, text = _made.get(key, (-math.inf, ""))
        if not is_shared or begun < asked_at:
            begun = time.monotonic()
            with in_zone(zone):
                text = encode({"type": kind} | self.answers[kind](self))
            if is_shared:
                _made[key] = (begun, text)
        return text


def open_sockets() -> int:
    """Return the number of pages that are connected to this process."""
    return len(_open)


def wait_for_goodbyes() -> None:
    """Wait after a `bye` event until the pages have it; Daphne would cut them off."""
    deadline = time.monotonic() + GOODBYE_SECONDS
    while open_sockets() and time.monotonic() < deadline:
        time.sleep(0.01)
