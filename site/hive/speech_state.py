"""The state of the speech service, as the hive learns it over MQTT."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from ttsmirror.publishing.confirmations import MirrorState

OFFLINE = "offline"
_FIELDS = ("status", "current_text", "queue_size", "timestamp")

State = dict[str, Any]


class SpeechState:
    """The newest status, presence and broker state. Thread-safe.

    The update methods return True where pages show something else now.
    """

    def __init__(self, on_change: Callable[[State], None] = lambda state: None) -> None:
        """Call `on_change` with the description after each change, on the updating thread."""
        self._on_change = on_change
        self._lock = threading.Lock()
        self._status: State = {"status": "", "current_text": "", "queue_size": 0}
        self._presence = ""
        self._broker_error = "not connected yet"
        self._broker_kind = ""
        self._mirror = MirrorState()

    def update_status(self, message: State) -> bool:
        """Take in a message of moxie/tts/status."""
        newest = {name: message[name] for name in _FIELDS if name in message}
        return self._change(lambda: self._status.update(newest))

    def update_presence(self, presence: str) -> bool:
        """Take in the presence of the speech service: online, or offline."""

        def change() -> None:
            self._presence = presence

        return self._change(change)

    def update_broker_error(self, error: str) -> bool:
        """Take in why the broker cannot be reached; empty where it can."""

        def change() -> None:
            self._broker_error = error
            if error:
                self._broker_kind = ""  # the next broker may be another

        return self._change(change)

    def update_broker_kind(self, kind: str) -> bool:
        """Take in the kind that a broker announces: `development`, or empty."""

        def change() -> None:
            self._broker_kind = kind

        return self._change(change)

    def update_mirror(self, state: MirrorState) -> bool:
        """Take in how far the mirror has got."""

        def change() -> None:
            self._mirror = state

        return self._change(change)

    def describe(self) -> State:
        """Return the state as pages and API show it; `known` is False until a first presence."""
        with self._lock:
            return self._describe()

    def _change(self, change: Callable[[], None]) -> bool:
        with self._lock:
            before = self._describe()
            change()
            after = self._describe()
        if before | {"timestamp": None} == after | {"timestamp": None}:
            return False
        self._on_change(self.describe())  # the newest, whatever other threads have changed
        return True

    def _describe(self) -> State:
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
            # While all is well, messages are confirmed before anybody could read the number.
            "kept": 0 if is_well else mirror.waiting,
            "lost": mirror.lost,
        }
