"""What every page's WebSocket does: a snapshot, then changes, goodbye when the server stops."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from ttsmonitor.web.access import may_enter
from ttsmonitor.web.fanout import Told, encode, fanout
from ttsmonitor.web.time_zone import in_zone_of, zone_of

logger = logging.getLogger(__name__)

SERVICE_RESTART = 4012
"""Says what 1012 is for, which Daphne refuses to send: an application may use 1000 and 3000 up."""
BYE_SECONDS = 1.0
MOST_EARLY = 1_000

_open: set[LiveConsumer] = set()


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """A pipe from groups to a page; what happens together comes in one message, a list of events.

    `{"type": "snapshot"}` asks for everything again.
    """

    answers: ClassVar[dict[str, Callable[[LiveConsumer], dict[str, Any]]]] = {}
    """What a page may ask for by type, and what makes the answer (in a thread)."""
    common_answers: ClassVar[dict[str, Callable[[], dict[str, Any]]]] = {}
    """The same for what is equal for all pages of a time zone: made once for all of them that ask
    at about that time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What happens before the page has its snapshot comes after it.
        self._early: list[Told] | None = []

    def wanted_groups(self) -> list[str]:
        """The groups whose events this page gets."""
        raise NotImplementedError

    @property
    def is_open(self) -> bool:
        """Was it let in, and is it still here?"""
        return self in _open

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
            await fanout().join(group, self)
        _open.add(self)
        await self.accept()
        await self._ask("snapshot")

    async def disconnect(self, code: int) -> None:
        _open.discard(self)
        for group in self.wanted_groups():
            await fanout().leave(group, self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        try:
            asked = json.loads(text_data or "")
        except (ValueError, RecursionError):
            return
        if isinstance(asked, dict):
            await self.asked(asked)

    async def asked(self, question: dict[str, Any]) -> None:
        """The page says this."""
        if question.get("type") in [*self.answers, *self.common_answers]:
            await self._ask(question["type"])

    async def tell(self, told: list[Told]) -> None:
        """Send what concerns this page."""
        if self._early is not None:
            self._early = [*self._early, *told][-MOST_EARLY:]
            return
        texts = [text for event, text in told if event["type"] != "bye" and self.concerns(event)]
        if texts and self.is_open:
            # In one message: it is the messages that cost, with some hundred pages.
            await self.send(text_data=texts[0] if len(texts) == 1 else f"[{','.join(texts)}]")
        if self.is_open and any(event["type"] == "bye" for event, _text in told):
            await self.lose()

    async def answer(self, text: str) -> None:
        """Send it, and after the first what happened meanwhile."""
        await self.send(text_data=text)
        early, self._early = self._early, None
        if early:
            await self.tell(early)

    async def lose(self) -> None:
        """Say goodbye: the page will come again."""
        await self.close(code=SERVICE_RESTART)
        _open.discard(self)

    async def _ask(self, kind: str) -> None:
        cookies = self.scope.get("cookies", {})
        if kind in self.common_answers:
            make = self.common_answers[kind]
            # Days begin with the zone, so an answer is common to the pages of one zone.
            of = (make, zone_of(cookies))
            fanout().ask(self, kind, lambda: _made_in_zone(cookies, make), of)
            return
        try:
            made = await database_sync_to_async(_made_in_zone)(
                cookies, lambda: self.answers[kind](self)
            )
        except Exception:
            # What escaped would end this without disconnect(): it would be told for ever.
            logger.exception("%s could not be made", kind)
            await self.lose()
            return
        await self.answer(encode({"type": kind} | made))


def _made_in_zone(cookies: Mapping[str, str], make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with in_zone_of(cookies):
        return make()


def open_sockets() -> int:
    """How many pages are connected to this process."""
    return len(_open)


def wait_for_goodbyes() -> None:
    """After a `bye` event: wait until the pages have it, which Daphne would cut off."""
    deadline = time.monotonic() + BYE_SECONDS
    while open_sockets() and time.monotonic() < deadline:
        time.sleep(0.01)
