"""Live events: push them from any thread to the WebSockets of a group."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

logger = logging.getLogger(__name__)

MONITOR_GROUP = "monitor"
LISTENERS_GROUP = "listeners"
ROBOTS_GROUP = "robots"
MAX_UNSENT = 1_000
"""Maximum number of events that wait for the layer; more are dropped."""

_loop: asyncio.AbstractEventLoop | None = None
_unsent = threading.BoundedSemaphore(MAX_UNSENT)
_error = ""


def bind(loop: asyncio.AbstractEventLoop | None) -> None:
    """Set the event loop that serves WebSockets in this process; None drops all events."""
    global _loop
    _loop = loop


def push(group: str, kind: str, data: dict[str, Any]) -> None:
    """Send `{"type": kind, **data}` to every page of a group, from any thread, without waiting."""
    push_all(group, [{"type": kind, **data}])


def push_all(group: str, events: Sequence[dict[str, Any]]) -> None:
    """Send events in order, as push() does.

    They are scheduled on the serving loop, since async_to_sync from another thread took seconds.
    Pages ask for a snapshot every half minute, so an event may be dropped.
    """
    if (loop := _loop) is None:
        return
    # Imported here: processes without pages do not need Channels.
    from channels.layers import get_channel_layer

    if (layer := get_channel_layer()) is None:
        return
    events = [event for event in events if _unsent.acquire(blocking=False)]
    if not events:
        return
    sending = _send(layer, group, events)
    try:
        future = asyncio.run_coroutine_threadsafe(sending, loop)
    except RuntimeError:  # the loop has ended
        sending.close()
        _unsent.release(len(events))
        return
    future.add_done_callback(lambda future: _sent(future, len(events)))


async def _send(layer: Any, group: str, events: Sequence[dict[str, Any]]) -> None:
    await layer.group_send(group, page_events(events))


def page_events(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the message of a group for these events.

    They are encoded once, here: a layer copies its messages for each page.
    """
    texts = [encode(event) for event in events]
    return {"type": "page.events", "kinds": [event["type"] for event in events], "texts": texts}


def encode(content: dict[str, Any]) -> str:
    """Return JSON as pages get it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _sent(future: Future[None], count: int) -> None:
    global _error
    _unsent.release(count)
    if future.cancelled():
        return
    # Logged only when it changes: a log line is an event too, and would cause the next one.
    failure = future.exception()
    before, _error = _error, repr(failure) if failure else ""
    if _error and _error != before:
        logger.warning("live changes cannot be pushed: %s", _error)
