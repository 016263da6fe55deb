"""What every page's WebSocket does: a snapshot, then changes, goodbye when the server stops."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from ttsmonitor.access import may_enter
from ttsmonitor.zone import in_zone_of

SERVICE_RESTART = 4012
"""Says what 1012 is for, which Daphne refuses to send: an application may use 1000 and 3000 up."""
BYE_SECONDS = 1.0

_open: set[LiveConsumer] = set()


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A pipe from groups to a page. `{"type": "snapshot"}` asks for everything again."""

    answers: ClassVar[dict[str, Callable[[LiveConsumer], dict[str, Any]]]] = {}
    """What a page may ask for by type, and what makes the answer (in a thread)."""

    def wanted_groups(self) -> list[str]:
        """The groups whose events this page gets."""
        raise NotImplementedError

    def concerns(self, event: dict[str, Any]) -> bool:
        """Is this event for this page?"""
        return True

    async def exists(self) -> bool:
        """Is there what this page shows?"""
        return True

    async def connect(self) -> None:
        if not may_enter(self.scope) or not await self.exists():
            await self.close()
            return
        # Before the snapshot, so that nothing falls between the two.
        for group in self.wanted_groups():
            await self.channel_layer.group_add(group, self.channel_name)
        _open.add(self)
        await self.accept()
        await self._answer("snapshot")

    async def disconnect(self, code: int) -> None:
        _open.discard(self)
        for group in self.wanted_groups():
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            asked = json.loads(text_data or "")
        except (ValueError, RecursionError):
            return
        if isinstance(asked, dict) and asked.get("type") in list(self.answers):
            await self._answer(asked["type"])

    async def page_event(self, message: dict[str, Any]) -> None:
        event = message["event"]
        if event["type"] == "bye":
            await self.close(code=SERVICE_RESTART)
            _open.discard(self)
        elif self.concerns(event):
            await self._send(event)

    async def _answer(self, kind: str) -> None:
        with in_zone_of(self.scope.get("cookies", {})):
            made = await database_sync_to_async(self.answers[kind])(self)
        await self._send({"type": kind} | made)

    async def _send(self, content: dict[str, Any]) -> None:
        await self.send(text_data=json.dumps(content, ensure_ascii=False))


def open_sockets() -> int:
    """How many pages are connected to this process."""
    return len(_open)


def wait_for_goodbyes() -> None:
    """After a `bye` event: wait until the pages have it, which Daphne would cut off."""
    deadline = time.monotonic() + BYE_SECONDS
    while open_sockets() and time.monotonic() < deadline:
        time.sleep(0.01)
