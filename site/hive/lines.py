"""What was said in Puppet Mode, and what became of each line."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

from ttsmonitor.messages import format_time
from ttsmonitor.models import Utterance

KEPT = 500
SHOWN = 30
PHRASES = 12
SOURCE = "puppet_mode"

WAITING = "waiting"
SENT = "sent"
QUEUED = "queued"
PLAYING = "playing"
_ORDER = {WAITING: 0, SENT: 1, QUEUED: 2, PLAYING: 3}
_FINAL = 4


class Lines:
    """The newest lines of all robots in this process. Thread-safe."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def add(
        self, utterance_id: uuid.UUID, device_id: str, text: str, mood: str, intensity: float
    ) -> dict[str, Any]:
        """A line that is handed over now; the publisher tells when the broker has it."""
        line: dict[str, Any] = {
            "id": str(utterance_id),
            "device_id": device_id,
            "text": text,
            "mood": mood,
            "intensity": intensity,
            "state": WAITING,
            "error": "",
            "at": format_time(datetime.now(UTC)),
        }
        with self._lock:
            self._lines[line["id"]] = line
            while len(self._lines) > KEPT:
                self._lines.popitem(last=False)
        return dict(line)

    def follow(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """Take in what became of a line. The line, where that changed it.

        News can overtake one another; a line never goes back.
        """
        event = str(message.get("event", ""))
        with self._lock:
            line = self._lines.get(str(message.get("id", "")))
            state = None if line is None else has_moved_on(line["state"], event)
            if line is None or state is None:
                return None
            line |= {"state": state, "error": str(message.get("error", ""))}
            return dict(line)

    def recent(self, device_id: str) -> list[dict[str, Any]]:
        """The newest lines of a robot, newest first, with those the history has from before."""
        with self._lock:
            known = {
                key: dict(line)
                for key, line in self._lines.items()
                if line["device_id"] == device_id
            }
        for utterance in _history(device_id)[:SHOWN]:
            line = _from_history(utterance)
            own = known.get(line["id"])
            if own is None or _rank(line["state"]) > _rank(own["state"]):
                known[line["id"]] = line | ({"at": own["at"]} if own else {})
        return sorted(known.values(), key=lambda line: str(line["at"]), reverse=True)[:SHOWN]


def has_moved_on(state: str, event: str) -> str | None:
    """The state after this event; None where it is none, or older news."""
    after = QUEUED if event == "stored" else event
    return after if event and _rank(after) > _rank(state) else None


def phrases(lines: list[dict[str, Any]]) -> list[str]:
    """The different texts of these lines, newest first: to be said again with one click."""
    return list(dict.fromkeys(line["text"] for line in lines))[:PHRASES]


def _history(device_id: str) -> Any:
    return Utterance.objects.filter(device_id=device_id, source=SOURCE).recent()


def _from_history(utterance: Utterance) -> dict[str, Any]:
    is_received = utterance.status != Utterance.Status.RECEIVING
    return {
        "id": str(utterance.pk),
        "device_id": utterance.device_id,
        "text": utterance.text,
        "mood": utterance.mood or "neutral",
        "intensity": utterance.intensity,
        "state": str(utterance.status) if is_received else QUEUED,
        "error": utterance.error,
        "at": format_time(utterance.published_at),
    }


def _rank(state: str) -> int:
    return _ORDER.get(state, _FINAL)
