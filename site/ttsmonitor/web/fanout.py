"""From a group to its pages in this process, and from one answer to all who asked for it.

What is sent to hundreds of pages is put into words once, and sent to some at a time: in between,
the threads that speak get the processor.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

PAGES_AT_ONCE = 25
BREATH_SECONDS = 0.001
RENEW_SECONDS = 3600.0
"""A layer forgets who has been in a group for a day."""
SPACING_SECONDS = 0.25
SPACING_TIMES = 4
"""An answer is made no more often than that, and never for more than a fifth of the time."""

Told = tuple[dict[str, Any], str]
"""An event, and its JSON."""


class Page(Protocol):
    """Who is told."""

    async def tell(self, told: list[Told]) -> None:
        """Here are events."""
        ...

    async def answer(self, text: str) -> None:
        """Here is what was asked for, in JSON."""
        ...

    async def lose(self) -> None:
        """There will be no more events: come again."""
        ...


def encode(content: dict[str, Any]) -> str:
    """As pages get it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


class Fanout:
    """What the pages of one event loop have in common."""

    def __init__(self) -> None:
        self._relays: dict[str, _Relay] = {}
        self._answers: dict[Any, _Answer] = {}

    async def join(self, group: str, page: Page) -> None:
        """From now on it is told of the group's events."""
        relay = self._relays.get(group)
        if relay is None:
            relay = self._relays[group] = _Relay(group, lambda: self._relays.pop(group, None))
        await relay.add(page)

    async def leave(self, group: str, page: Page) -> None:
        """Any number of times."""
        if (relay := self._relays.get(group)) is not None:
            await relay.remove(page)

    def ask(self, page: Page, kind: str, make: Callable[[], dict[str, Any]], of: Hashable) -> None:
        """Have page.answer() called with what `make` (in a thread) makes after this moment.

        Those who ask for the same `kind` and `of` are answered together.
        """
        answer = self._answers.setdefault((kind, of), _Answer(kind, make))
        answer.add(page)


_fanouts: WeakKeyDictionary[asyncio.AbstractEventLoop, Fanout] = WeakKeyDictionary()


def fanout() -> Fanout:
    """That of the running loop."""
    return _fanouts.setdefault(asyncio.get_running_loop(), Fanout())


class _Relay:
    """One channel of a group for all of its pages here, while there are any."""

    def __init__(self, group: str, on_end: Callable[[], object]) -> None:
        self._group = group
        self._on_end = on_end
        self._pages: dict[Page, None] = {}
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._joined: asyncio.Future[None] = asyncio.ensure_future(self._join())
        self._task: asyncio.Task[None] | None = None

    async def add(self, page: Page) -> None:
        self._pages[page] = None
        try:
            await asyncio.shield(self._joined)
        except BaseException:
            await self.remove(page)
            raise

    async def remove(self, page: Page) -> None:
        if page not in self._pages:
            return
        del self._pages[page]
        if self._pages:
            return
        self._on_end()
        self._joined.cancel()
        if self._task is not None:
            self._task.cancel()
            await self._layer.group_discard(self._group, self._channel)

    async def _join(self) -> None:
        self._channel = await self._layer.new_channel()
        await self._layer.group_add(self._group, self._channel)
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._pass_on()
        except Exception:
            logger.exception("the events of %s do not come any more", self._group)
            self._on_end()
            await _each(self._pages, lambda page: page.lose())

    async def _pass_on(self) -> None:
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + RENEW_SECONDS
        while True:
            try:
                message = await asyncio.wait_for(self._layer.receive(self._channel), RENEW_SECONDS)
            except TimeoutError:
                message = {"events": []}
            if loop.time() >= renew_at:
                renew_at = loop.time() + RENEW_SECONDS
                await self._layer.group_add(self._group, self._channel)
            told = [(event, encode(event)) for event in message["events"]]
            await _each(self._pages, lambda page: page.tell(told))  # noqa: B023  used at once


class _Answer:
    """Those who ask together are answered together, never with what is older than the question."""

    def __init__(self, kind: str, make: Callable[[], dict[str, Any]]) -> None:
        self._kind = kind
        self._make = make
        self._asking: dict[Page, None] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, page: Page) -> None:
        self._asking[page] = None
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._asking:
                asking, self._asking = self._asking, {}
                begun = loop.time()
                text = await self._text()
                took = loop.time() - begun
                await _each(asking, lambda page: page.answer(text) if text else page.lose())  # noqa: B023  used at once
                await asyncio.sleep(max(SPACING_SECONDS, SPACING_TIMES * took))
        finally:
            self._task = None

    async def _text(self) -> str:
        """In JSON; empty where it could not be made."""
        try:
            made = await database_sync_to_async(self._make)()
        except Exception:
            logger.exception("%s could not be made", self._kind)
            return ""
        return encode({"type": self._kind} | made)


async def _each(pages: Iterable[Page], act: Callable[[Page], Any]) -> None:
    for number, page in enumerate(list(pages), 1):
        try:
            await act(page)
        except Exception:
            # A page that is gone, in a way nobody thought of: not the others' trouble.
            logger.exception("a page could not be told")
        if number % PAGES_AT_ONCE == 0:
            await asyncio.sleep(BREATH_SECONDS)
