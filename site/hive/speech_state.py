"""The state of the speech service, as the hive learns it over MQTT."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ttsmirror.publishing.confirmations import MirrorState
from ttsmirror.reasons import Reason, as_json
from ttsmonitor.web.notices import Notice

OFFLINE = "offline"
_FIELDS = ("status", "current_text", "queue_size", "timestamp", "alerts")
_NOTHING: dict[str, Any] = {"status": "", "current_text": "", "queue_size": 0, "alerts": []}

State = dict[str, Any]


@dataclass(frozen=True)
class _Known:
    """The state of the speech service at one moment."""

    status: State = field(default_factory=lambda: dict(_NOTHING))
    presence: str = ""
    broker_error: str = Reason("still connecting to the broker")
    broker_kind: str = ""
    rival: str = ""
    mirror: MirrorState = field(default_factory=MirrorState)

    def describe(self) -> State:
        is_online = self.presence == "online" and not self.broker_error
        is_well = is_online and not self.mirror.overdue and not self.mirror.error
        return {
            **self.status,
            "status": (self.status["status"] or "idle") if is_online else OFFLINE,
            "current_text": self.status["current_text"] if is_online else "",
            "alerts": self.status["alerts"] if is_online else [],
            "online": is_online,
            "known": bool(self.presence),
            "broker_error": self.broker_error,
            "broker_reason": as_json(self.broker_error),
            "broker_kind": self.broker_kind,
            "rival_error": self.rival,
            "rival_reason": as_json(self.rival),
            "outbox_error": self.mirror.error,
            "outbox_reason": as_json(self.mirror.error),
            "is_unheard": self.mirror.overdue > 0,
            # Without failures, messages are confirmed too soon for the number to be useful.
            "kept": 0 if is_well else self.mirror.waiting,
            "lost": self.mirror.lost,
        }


class SpeechState:
    """The newest status, presence and broker state. Thread-safe.

    The update methods return True if pages show something else now.
    """

    def __init__(self, on_change: Callable[[State], None] = lambda state: None) -> None:
        """Call `on_change` with the description after each change, on the updating thread."""
        self._on_change = on_change
        self._lock = threading.Lock()
        self._known = _Known()

    def update_status(self, message: State) -> bool:
        """Process a message of moxie/tts/status."""
        newest = {name: message[name] for name in _FIELDS if name in message}
        return self._update(lambda known: replace(known, status=known.status | newest))

    def update_presence(self, presence: str) -> bool:
        """Process the presence of the speech service: online, or offline."""
        return self._update(lambda known: replace(known, presence=presence))

    def update_broker_error(self, error: str) -> bool:
        """Set why the broker cannot be reached; empty if it can."""

        def change(known: _Known) -> _Known:
            kind = "" if error else known.broker_kind  # after a loss the broker may be another
            return replace(known, broker_error=error, broker_kind=kind)

        return self._update(change)

    def update_rival(self, error: str) -> bool:
        """Take in that another hive is at the broker; empty where none is."""
        return self._update(lambda known: replace(known, rival=error))

    def update_broker_kind(self, kind: str) -> bool:
        """Process the kind that a broker announces: `development`, or empty."""
        return self._update(lambda known: replace(known, broker_kind=kind))

    def update_mirror(self, state: MirrorState) -> bool:
        """Process the state of the mirror."""
        return self._update(lambda known: replace(known, mirror=state))

    def describe(self) -> State:
        """Return the state as pages and API show it; `known` is False until a first presence."""
        return self._known.describe()

    def notices(self) -> list[Notice]:
        """Return what keeps a sentence from being heard."""
        speech = self.describe()
        if speech["broker_error"]:
            return [Notice("broker")]
        if not speech["online"]:
            return [Notice("speech")]
        return [Notice(code) for code in speech["alerts"]]

    def _update(self, change: Callable[[_Known], _Known]) -> bool:
        with self._lock:
            before = self._known.describe()
            self._known = change(self._known)
            after = self._known.describe()
        if before | {"timestamp": None} == after | {"timestamp": None}:
            return False
        self._on_change(self.describe())  # the newest, whatever other threads have changed
        return True
