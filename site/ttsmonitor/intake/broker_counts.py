"""The broker's own counts on $SYS: how much it carries, and for whom."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import Any

from ttsmirror.reasons import Reason, as_json
from ttsmirror.wire.fields import format_maybe, format_time

ROOT = "$SYS/broker/"
NUMBERS = {
    "clients/connected": "clients",
    "messages/received": "messages_received",
    "messages/sent": "messages_sent",
    "publish/messages/dropped": "messages_dropped",
    "retained messages/count": "retained",
    "bytes/received": "bytes_received",
    "bytes/sent": "bytes_sent",
    "uptime": "uptime_seconds",
    # The names in amqtt, the development broker.
    "messages/retained/count": "retained",
    "load/bytes/received": "bytes_received",
    "load/bytes/sent": "bytes_sent",
}
"""The names in the API by the end of the topic."""
VERSION = "version"
TOPICS = [f"{ROOT}{each}" for each in (*NUMBERS, VERSION)]

FRESH_SECONDS = 90.0
SAMPLE_SECONDS = 60.0
SAMPLES = 61
SILENT = Reason(
    "the broker publishes no statistics on $SYS, or its access rules hide them from this account"
)


class BrokerCounts:
    """The latest counts. hear() is for the MQTT thread; report() for any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = ""
        self._numbers: dict[str, int] = {}
        self._heard = 0.0  # monotonic seconds
        self._heard_at: datetime | None = None
        self._samples: deque[tuple[float, datetime, int, int]] = deque(maxlen=SAMPLES)

    def hear(self, topic: str, payload: bytes) -> None:
        """Process a message; ignore values that are not numbers."""
        name = topic.removeprefix(ROOT)
        text = payload.decode("utf-8", "replace")
        with self._lock:
            if name == VERSION:
                self._version = text[:80]
                return  # it is retained, so the broker may have stopped since
            number = re.match(r"\d{1,18}", text)  # uptime comes as `12 seconds`
            if number is None or name not in NUMBERS:
                return
            self._numbers[NUMBERS[name]] = int(number[0])
            self._heard, self._heard_at = time.monotonic(), datetime.now(UTC)
            self._sample()

    def report(self, error: str = "") -> dict[str, Any]:
        """Return the content of /api/stats/broker; `error` is why the broker is unavailable."""
        with self._lock:
            is_fresh = bool(self._heard) and time.monotonic() - self._heard < FRESH_SECONDS
            detail = error or ("" if is_fresh else SILENT)
            numbers = {name: self._numbers.get(name) for name in NUMBERS.values()}
            return {
                "available": is_fresh and not error,
                "detail": detail,
                "reason": as_json(detail),
                "version": self._version,
                "heard_at": format_maybe(self._heard_at),
                **numbers,
                "rates": self._rates(),
            }

    def _sample(self) -> None:
        received, sent = (self._numbers.get(f"messages_{way}") for way in ("received", "sent"))
        if received is None or sent is None:
            return
        last = self._samples[-1] if self._samples else None
        if last and (received < last[2] or sent < last[3]):
            self._samples.clear()  # the broker was restarted
            last = None
        if last is None or self._heard - last[0] >= SAMPLE_SECONDS:
            self._samples.append((self._heard, datetime.now(UTC), received, sent))

    def _rates(self) -> list[dict[str, Any]]:
        """Return messages per minute, oldest first."""
        samples = list(self._samples)
        return [
            {
                "at": format_time(at),
                "received": round(60 * (received - before[2]) / (moment - before[0]), 1),
                "sent": round(60 * (sent - before[3]) / (moment - before[0]), 1),
            }
            for before, (moment, at, received, sent) in itertools.pairwise(samples)
        ]
