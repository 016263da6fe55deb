"""The WebSocket of those who listen in a browser, and the way of the sound to it.

JSON says what follows; the sound itself comes as binary messages: the position of its first sample
within the utterance (32 bits, little-endian), then 16-bit mono samples. The page confirms what it
got, and one that does not gets no more until it does: then what is being said at that moment. So a
page that is slow, or stands still, takes no memory here and holds nobody.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, ClassVar

from ttsmonitor.audio.browser import BrowserOutput, End, Event, Listener, Silence, Sound, Start
from ttsmonitor.live_events import LISTENERS_GROUP
from ttsmonitor.service import service
from ttsmonitor.web.fanout import encode
from ttsmonitor.web.live_consumer import LiveConsumer

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.02
"""Slices of so long go in one message; silence goes at once."""
BEAT_SECONDS = 5.0
"""In silence a page hears from us so often, or knows that it does not."""
MOST_UNCONFIRMED = 100_000
"""Bytes on the way to one page: about two seconds."""


class ListenConsumer(LiveConsumer):
    """`{"type": "got", "bytes": n}` confirms n bytes of binary messages, of all that came."""

    answers: ClassVar = {"snapshot": lambda self: {"available": self.browser is not None}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listener: Listener | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._news, self._urgent_news = asyncio.Event(), asyncio.Event()
        self._is_told = False
        self._sent = self._confirmed = 0

    @property
    def browser(self) -> BrowserOutput | None:
        """Where the sound comes from; None where TTS_AUDIO leaves browsers out."""
        running = service.current()
        return None if running is None else running.browser

    def wanted_groups(self) -> list[str]:
        return [LISTENERS_GROUP]

    async def exists(self) -> bool:
        return service.current() is not None  # where it is still starting, the page comes again

    async def connect(self) -> None:
        await super().connect()
        if self.is_open and self.browser is not None:
            self._listener = self.browser.listen(self._tell_news)
            self._task = asyncio.create_task(self._pass_on(self._listener))

    async def disconnect(self, code: int) -> None:
        if self._task is not None:
            self._task.cancel()
        if self._listener is not None and self.browser is not None:
            self.browser.forget(self._listener)
        await super().disconnect(code)

    async def asked(self, question: dict[str, Any]) -> None:
        count = question.get("bytes")
        if question.get("type") == "got" and isinstance(count, int):
            self._confirmed = min(max(self._confirmed, count), self._sent)
            self._news.set()
        else:
            await super().asked(question)

    def _tell_news(self) -> None:
        """Called by the thread that plays, a hundred times a second."""
        if not self._is_told:
            self._is_told = True
            self._loop.call_soon_threadsafe(self._news.set)
        if self._listener is not None and self._listener.is_urgent:
            self._loop.call_soon_threadsafe(self._urgent_news.set)

    async def _pass_on(self, listener: Listener) -> None:
        try:
            while True:
                await self._wait_for_news()
                self._urgent_news.clear()
                if self._sent - self._confirmed < MOST_UNCONFIRMED:
                    for message in messages(listener.take()):
                        await self._send_message(message)
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._urgent_news.wait(), GATHER_SECONDS)
        except Exception:
            logger.exception("a listener in a browser was lost")
            await self.lose()

    async def _wait_for_news(self) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), BEAT_SECONDS)
        except TimeoutError:
            await self._send_message({"type": "beat"})
        self._news.clear()
        self._is_told = False

    async def _send_message(self, message: bytes | dict[str, Any]) -> None:
        if isinstance(message, bytes):
            self._sent += len(message)
            await self.send(bytes_data=message)
        else:
            await self.send(text_data=encode(message))


def messages(heard: Iterable[Event]) -> Iterator[bytes | dict[str, Any]]:
    """What a page gets for it: sound that follows on sound in one piece."""
    position, pcm = 0, b""
    for event in heard:
        if isinstance(event, Sound) and pcm and event.position == position + len(pcm) // 2:
            pcm += event.pcm
            continue
        if pcm:
            yield _binary(position, pcm)
            pcm = b""
        if isinstance(event, Sound):
            position, pcm = event.position, event.pcm
        else:
            yield _described(event)
    if pcm:
        yield _binary(position, pcm)


def _binary(position: int, pcm: bytes) -> bytes:
    return struct.pack("<I", position) + pcm


def _described(event: Start | Silence | End) -> dict[str, Any]:
    match event:
        case Start():
            return {"type": "start", "id": event.utterance_id, "rate": event.sample_rate}
        case Silence():
            return {"type": "silence"}
        case End():
            return {"type": "end"}
