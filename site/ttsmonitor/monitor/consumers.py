"""The live monitor's WebSocket."""

from __future__ import annotations

from typing import ClassVar

from ttsmonitor.live_events import MONITOR_GROUP
from ttsmonitor.monitor import snapshot
from ttsmonitor.web.live_consumer import LiveConsumer


class MonitorConsumer(LiveConsumer):
    """`{"type": "figures"}` asks for the numbers alone, `progress` for what is being said."""

    common_answers: ClassVar = {
        "snapshot": snapshot.whole,
        "figures": snapshot.figures,
        "progress": lambda: snapshot.progress() or {"id": None},
    }

    def wanted_groups(self) -> list[str]:
        return [MONITOR_GROUP]
