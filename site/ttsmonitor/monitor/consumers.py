"""The WebSockets of the monitor's pages and of the status line."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from ttsmonitor.live_events import MONITOR_GROUP, ROBOTS_GROUP
from ttsmonitor.monitor import snapshot
from ttsmonitor.web import notices
from ttsmonitor.web.live_consumer import LiveConsumer


class MonitorConsumer(LiveConsumer):
    """The WebSocket of the monitor and of the diagnostics.

    `{"type": "figures"}` asks for the numbers alone, `waiting` for the queue, `progress` for the
    current utterance.
    """

    answers: ClassVar = {
        "snapshot": lambda self: snapshot.whole(),
        "figures": lambda self: snapshot.figures(),
        "waiting": lambda self: snapshot.waiting(),
        "progress": lambda self: snapshot.progress() or {"id": None},
    }
    shared: ClassVar = ("snapshot", "figures", "waiting", "progress")

    def wanted_groups(self) -> list[str]:
        """Return the group of the monitor."""
        return [MONITOR_GROUP]


class NoticesConsumer(LiveConsumer):
    """The WebSocket of the status line of any page."""

    answers: ClassVar = {
        "snapshot": lambda self: _notices(),
        "notices": lambda self: _notices(),
    }
    shared: ClassVar = ("snapshot", "notices")
    causes: ClassVar = {"status", "speech", "robot", "gone"}
    """Kinds of events after which a notice may have come or gone."""

    def wanted_groups(self) -> list[str]:
        """Return the groups of the speech service and of the robots."""
        return [MONITOR_GROUP, ROBOTS_GROUP]

    async def page_events(self, message: dict[str, Any]) -> None:
        """Send the notices again after an event that may change them."""
        if not self.causes.isdisjoint(message["kinds"]):
            await self.handle({"type": "notices"})
        if "bye" in message["kinds"] and self.is_open:
            await self.say_goodbye()


def _notices() -> dict[str, Any]:
    return {"notices": [asdict(notice) for notice in notices.current()]}
