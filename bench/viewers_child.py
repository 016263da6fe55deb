"""The viewers' process: many connections that behave like monitor pages.

Says `ready` on standard output when all have their snapshot. When a line comes in, it waits until
the events stop coming, prints as JSON what was seen, and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from datetime import datetime
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

AT_ONCE = 25
"""Pages that connect at the same time."""
QUIET_SECONDS = 1.5
ASK_SECONDS = (0.75, 1.25)
"""Delay after an event before a page asks for figures, once for all events until then."""
MOMENTS = {"stored": "received_at", "playing": "started_at"}
"""The field with the time of each event; `finished_at` for all others."""


class Viewers:
    """Connections that count the events they get."""

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self._count = count
        self._connecting = asyncio.Semaphore(AT_ONCE)
        self._snapshots = 0
        self._known: dict[str, list[dict[str, Any]]] = {}
        self._seen: Counter[str] = Counter()
        self._latencies_ms: list[float] = []
        self._figures = 0
        self._last_event = 0.0
        self.ready = asyncio.Event()

    async def watch(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._view())

    async def settle(self) -> None:
        """Wait until no event has arrived for a while."""
        while (left := self._last_event + QUIET_SECONDS - time.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)

    def result(self) -> dict[str, Any]:
        """Return the results; `missed` is the number of undelivered events over all pages."""
        return {
            "events": len(self._seen),
            "missed": sum(self._count - count for count in self._seen.values()),
            "utterances": sum('"type": "utterance"' in text for text in self._seen),
            "figures": self._figures,
            "latencies_ms": self._latencies_ms,
        }

    async def _view(self) -> None:
        async with self._connecting:
            socket = await connect(
                self._url, compression=None, max_size=None, ping_interval=None, open_timeout=60
            )
            await socket.recv()  # the snapshot
            self._snapshots += 1
            if self._snapshots == self._count:
                self.ready.set()
        async with socket:
            asking: asyncio.Task[None] | None = None
            async for text in socket:
                kinds = self._take(str(text), time.time())
                if kinds & {"status", "utterance"} and (asking is None or asking.done()):
                    asking = asyncio.create_task(_ask(socket))

    def _take(self, text: str, now: float) -> set[str]:
        """Take the events of a message and return their types."""
        if text not in self._known:
            told = json.loads(text)
            self._known[text] = told if isinstance(told, list) else [told]
        for event in self._known[text]:
            self._count_event(event, now)
        return {event["type"] for event in self._known[text]}

    def _count_event(self, event: dict[str, Any], now: float) -> None:
        if event["type"] == "figures":
            self._figures += 1
        elif self.ready.is_set():
            self._seen[_name(event)] += 1
            self._last_event = now
            if (moment := _moment(event)) is not None:
                self._latencies_ms.append(1000 * (now - moment))


def _name(event: dict[str, Any]) -> str:
    """Return a unique name of the event, cached because each viewer asks for it."""
    if "_name" not in event:
        event["_name"] = json.dumps(event)
    return str(event["_name"])


async def _ask(socket: ClientConnection) -> None:
    await asyncio.sleep(random.uniform(*ASK_SECONDS))
    await socket.send('{"type": "figures"}')


def _moment(event: dict[str, Any]) -> float | None:
    """Return the time of the event in seconds since the epoch, or None."""
    if event["type"] == "activity":
        return datetime.fromisoformat(event["entry"]["at"]).timestamp()
    if event["type"] != "utterance":
        return None
    told = event["utterance"][MOMENTS.get(event["event"], "finished_at")]
    return datetime.fromisoformat(told).timestamp() if told else None


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--viewers", type=int, required=True)
    args = parser.parse_args()
    viewers = Viewers(args.url, args.viewers)
    watching = asyncio.create_task(viewers.watch())
    await asyncio.wait(
        {watching, asyncio.create_task(viewers.ready.wait())}, return_when=asyncio.FIRST_COMPLETED
    )
    if watching.done():
        await watching
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await viewers.settle()
    print(json.dumps(viewers.result()), flush=True)
    watching.cancel()


if __name__ == "__main__":
    asyncio.run(main())
