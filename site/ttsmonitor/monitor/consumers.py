"""The WebSocket of the live monitor."""

from __future__ import annotations

from typing import ClassVar

from ttsmonitor.live_events import MONITOR_GROUP
from ttsmonitor.monitor import snapshot
from ttsmonitor.web.live_consumer import LiveConsumer


class MonitorConsumer(LiveConsumer):
    """The pipe to a monitor page.

    `{"type": "figures"}` asks for the numbers alone, `progress` for the current utterance.
    """

    answers: ClassVar = {
        "snapshot": lambda self: snapshot.whole(),
        "figures": lambda self: snapshot.figures(),
        "progress": lambda self: snapshot.progress() or {"id": None},
    }
    shared: ClassVar = ("snapshot", "figures", "progress")

    def wanted_groups(self) -> list[str]:
        """Return the group of the monitor."""
        return [MONITOR_GROUP]
