"""The WebSocket that sends sound to a browser.

Text messages are JSON and describe what follows. Binary messages are sound: the position of the
first sample within the utterance (32 bits, little-endian), then 16-bit mono samples. The page
confirms the bytes it received. A page that does not confirm gets no more until it does, and then
continues with the current sound, so a slow page takes no memory here and delays no other page.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, ClassVar

from ttsmonitor.audio.browser import BrowserOutput, End, Event, Listener, Silence, Sound, Start
from ttsmonitor.live_events import LISTENERS_GROUP, encode
from ttsmonitor.service import service
from ttsmonitor.web.live_consumer import LiveConsumer

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.02
"""Length of sound per message, in seconds; silence is sent at once."""
BEAT_SECONDS = 5.0
"""The interval of `beat` messages in silence, by which a page notices a lost connection."""
MOST_UNCONFIRMED = 100_000
"""Bytes on the way to one page, about two seconds of sound."""


class ListenConsumer(LiveConsumer):
    """The WebSocket that sends sound to a page.

    `{"type": "got", "bytes": n}` confirms n bytes of all binary messages so far.
    """

    answers: ClassVar = {"snapshot": lambda self: {"available": self.browser is not None}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start without a listener; it is made when the page is let in."""
        super().__init__(*args, **kwargs)
        self._listener: Listener | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._news, self._urgent_news = asyncio.Event(), asyncio.Event()
        self._is_told = False
        self._sent = self._confirmed = 0

    @property
    def browser(self) -> BrowserOutput | None:
        """The source of the sound; None if TTS_AUDIO leaves browsers out."""
        running = service.current()
        return None if running is None else running.browser

    def wanted_groups(self) -> list[str]:
        """Return the group of the listeners."""
        return [LISTENERS_GROUP]

    async def exists(self) -> bool:
        """Return True if the service runs; while it starts, the page connects again."""
        return service.current() is not None

    async def connect(self) -> None:
        """Let the page in and start to pass on the sound."""
        await super().connect()
        if self.is_open and self.browser is not None:
            self._listener = self.browser.listen(self._tell_news)
            self._task = asyncio.create_task(self._pass_on(self._listener))

    async def disconnect(self, code: int) -> None:
        """Stop passing on the sound."""
        if self._task is not None:
            self._task.cancel()
        if self._listener is not None and self.browser is not None:
            self.browser.forget(self._listener)
        await super().disconnect(code)

    async def handle(self, message: dict[str, Any]) -> None:
        """Take a confirmation of received bytes, or answer a message."""
        count = message.get("bytes")
        if message.get("type") == "got" and isinstance(count, int):
            self._confirmed = min(max(self._confirmed, count), self._sent)
            self._news.set()
        else:
            await super().handle(message)

    def _tell_news(self) -> None:
        """Wake up _pass_on(). The thread that plays calls this a hundred times a second."""
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
            logger.exception("sound to a browser failed")
            await self.say_goodbye()

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


def messages(events: Iterable[Event]) -> Iterator[bytes | dict[str, Any]]:
    """Yield the messages for these events; adjacent sound is joined."""
    position, pcm = 0, b""
    for event in events:
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
