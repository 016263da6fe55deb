"""The speech service, as far as the hive hears of it over MQTT."""

from __future__ import annotations

import threading
from typing import Any

from ttsmirror.publishing.confirmations import MirrorState

OFFLINE = "offline"
_FIELDS = ("status", "current_text", "queue_size", "timestamp")


class SpeechState:
    """What its newest status and its presence say. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._status: dict[str, Any] = {"status": "", "current_text": "", "queue_size": 0}
        self._presence = ""
        self._broker_error = "not connected yet"
        self._broker_kind = ""
        self._mirror = MirrorState()

    def heard_status(self, message: dict[str, Any]) -> bool:
        """Take in a message of moxie/tts/status. True where something changed."""
        newest = {name: message[name] for name in _FIELDS if name in message}
        with self._lock:
            before = {**self._status, "timestamp": None}
            self._status |= newest
            return before != {**self._status, "timestamp": None}

    def heard_presence(self, status: str) -> None:
        with self._lock:
            self._presence = status

    def broker(self, error: str) -> None:
        """The connection to the broker: its error, or empty where there is none."""
        with self._lock:
            self._broker_error = error
            if error:
                self._broker_kind = ""  # the next one may be another

    def heard_broker(self, kind: str) -> None:
        """What the broker says it is: `development`, or empty for one of which that is no news."""
        with self._lock:
            self._broker_kind = kind

    def heard_mirror(self, state: MirrorState) -> bool:
        """Take in how far what was said has got. True where pages show another thing now."""
        before = self.describe()
        with self._lock:
            self._mirror = state
        return before != self.describe()

    def describe(self) -> dict[str, Any]:
        """The service as pages and API show it; `known` is whether it was ever heard of."""
        with self._lock:
            is_online = self._presence == "online" and not self._broker_error
            mirror = self._mirror
            is_well = is_online and not mirror.overdue and not mirror.error
            return {
                **self._status,
                "status": (self._status["status"] or "idle") if is_online else OFFLINE,
                "current_text": self._status["current_text"] if is_online else "",
                "online": is_online,
                "known": bool(self._presence),
                "broker_error": self._broker_error,
                "broker_kind": self._broker_kind,
                "outbox_error": mirror.error,
                "is_unheard": mirror.overdue > 0,
                # Where all is well these are confirmed before anybody could read the number.
                "kept": 0 if is_well else mirror.waiting,
                "lost": mirror.lost,
            }
