"""The lines of Puppet Mode, and what became of each at the robot and at the loudspeaker."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hive.puppet import delivery_status
from hive.puppet.deleted_lines import DeletedLines
from hive.puppet.delivery_status import robot_rank, speech_rank
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason, reason_columns
from ttsmirror.wire.fields import format_time

KEPT = 500
SHOWN = 30
SOURCE = "puppet_mode"

WAITING = "waiting"
SENT = "sent"
QUEUED = "queued"
PLAYING = "playing"

_UNHEARD = frozenset({"muted", "silent"})
"""Alerts of the speech service while a sentence is played that nobody hears."""

Line = dict[str, Any]


class Lines:
    """The newest lines of all robots in this process. Thread-safe.

    A line with an empty `device_id` is for the loudspeaker alone.
    """

    def __init__(self) -> None:
        self._lines: OrderedDict[str, Line] = OrderedDict()
        self._deleted = DeletedLines()
        self._lock = threading.Lock()

    def add(
        self,
        utterance_id: uuid.UUID,
        device_id: str,
        text: str,
        mood: str,
        intensity: float,
        *,
        lang: str = "",
        voice: str = "",
    ) -> Line:
        """Add a line that is being published."""
        line: Line = {
            "id": str(utterance_id),
            "device_id": device_id,
            "text": text,
            "mood": mood,
            "intensity": intensity,
            "lang": lang,
            "voice": voice,
            "state": WAITING,
            "muted": False,
            "reached": "",
            "error": "",
            "reason": None,
            "robot": "",
            "robot_error": "",
            "at": format_time(datetime.now(UTC)),
        }
        with self._lock:
            self._lines[line["id"]] = line
            while len(self._lines) > KEPT:
                self._lines.popitem(last=False)
        return delivery_status.describe(line)

    def update_status(self, message: dict[str, Any]) -> Line | None:
        """Process the outcome of a line at the loudspeaker: the `event` of a status message.

        Return the line if that changed it. Messages can overtake one another, but a line never goes
        back.
        """
        return self._advance(str(message.get("id", "")), lambda line: _after_event(line, message))

    def update_robot(self, line_id: str, state: str, error: str = "") -> Line | None:
        """Take in what became of a line at its robot. Return the line if that changed it."""
        return self._advance(line_id, lambda line: _after_report(line, state, error))

    def sent_to_robot(self, line_id: str, error: str) -> Line | None:
        """Note that a line was sent to its robot, or the error if it could not be."""
        outcome = delivery_status.OFFLINE if error else delivery_status.SENT
        return self.update_robot(line_id, outcome, error)

    def mark_speaking(self, device_id: str) -> list[Line]:
        """Note that a robot began to speak: that is the oldest line it was sent."""
        return self._mark_robot(device_id, delivery_status.SPEAKING, most=1)

    def mark_interrupted(self, device_id: str) -> list[Line]:
        """Note that a robot was interrupted, and does not say its lines."""
        return self._mark_robot(device_id, delivery_status.INTERRUPTED)

    def _advance(self, line_id: str, change: Callable[[Line], Line]) -> Line | None:
        with self._lock:
            line = self._lines.get(line_id)
            if line is None or not (news := change(line)):
                return None
            line |= news
            return delivery_status.describe(line)

    def _mark_robot(self, device_id: str, state: str, most: int = KEPT) -> list[Line]:
        """Advance the oldest lines that this robot was sent."""
        with self._lock:
            sent = [
                key
                for key, line in self._lines.items()
                if line["device_id"] == device_id
                and line["robot"]
                and robot_rank(line["robot"]) < robot_rank(state)
            ][:most]
        return [line for key in sent if (line := self.update_robot(key, state))]

    def recent(self, device_id: str) -> list[Line]:
        """Return the newest lines of a robot, newest first, including those of the history."""
        with self._lock:
            known = {
                key: dict(line)
                for key, line in self._lines.items()
                if line["device_id"] == device_id
            }
        for key in self._deleted.find(known):
            del known[key]
            self._forget(key)
        for utterance in _history(device_id)[:SHOWN]:
            line = _from_history(utterance)
            own = known.get(line["id"])
            known[line["id"]] = line if own is None else _merge(own, line)
        newest = sorted(known.values(), key=lambda line: str(line["at"]), reverse=True)
        return [delivery_status.describe(line) for line in newest[:SHOWN]]

    def _forget(self, key: str) -> None:
        with self._lock:
            self._lines.pop(key, None)


def next_state(state: str, event: str) -> str | None:
    """Return the state after an event, or None if the event does not advance it."""
    after = QUEUED if event == "stored" else event
    return after if event and speech_rank(after) > speech_rank(state) else None


def _after_event(line: Line, message: dict[str, Any]) -> Line:
    state = next_state(line["state"], str(message.get("event", "")))
    if state is None:
        return {}
    reached = state if state in (SENT, QUEUED, PLAYING) else line["reached"]
    muted = not _UNHEARD.isdisjoint(message.get("alerts", ()))
    return {"state": state, "reached": reached, "muted": muted, **told_reason(message)}


def told_reason(message: dict[str, Any]) -> dict[str, Any]:
    """Return `error` and `reason` of a status message."""
    reason = Reason.from_json(message.get("reason"))
    return reason_columns(reason or str(message.get("error", "")))


def _after_report(line: Line, state: str, error: str) -> Line:
    is_newer = robot_rank(state) > robot_rank(line["robot"])
    return {"robot": state, "robot_error": error} if is_newer else {}


def _merge(own: Line, kept: Line) -> Line:
    """Return a line of this process, updated from the history."""
    merged = dict(own)
    if speech_rank(kept["state"]) > speech_rank(own["state"]):
        merged |= {key: kept[key] for key in ("state", "reached", "error", "reason")}
    if robot_rank(kept["robot"]) > robot_rank(own["robot"]):
        merged |= {key: kept[key] for key in ("robot", "robot_error")}
    return merged


def _history(device_id: str) -> Any:
    return Utterance.objects.filter(device_id=device_id, source=SOURCE).recent()


def _from_history(utterance: Utterance) -> Line:
    is_received = utterance.status != Utterance.Status.RECEIVING
    confirmed = utterance.robot_confirmed if utterance.device_id else None
    return {
        "id": str(utterance.pk),
        "device_id": utterance.device_id,
        "text": utterance.text,
        "mood": utterance.mood or "neutral",
        "intensity": utterance.intensity,
        "lang": utterance.lang,
        "voice": utterance.voice,
        "muted": False,
        "state": str(utterance.status) if is_received else QUEUED,
        "reached": QUEUED if utterance.started_at is None else PLAYING,
        "error": utterance.error,
        "reason": utterance.reason,
        "robot": delivery_status.CONFIRMATIONS[confirmed],
        "robot_error": delivery_status.NO_WORD if confirmed is False else "",
        "at": format_time(utterance.published_at),
    }
