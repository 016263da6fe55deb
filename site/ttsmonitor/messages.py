"""The wire contract: what the MQTT payloads hold, read and written in this one place.

Payloads are UTF-8 JSON objects; unknown fields are ignored. On the text topic plain UTF-8 text is
an utterance too. Whatever cannot be read raises InvalidMessageError with a sentence that says why.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from ttsmonitor.exceptions import InvalidMessageError
from ttsmonitor.text import CHUNK_CHARACTERS, split_chunks
from ttsmonitor.text import clean as clean
from ttsmonitor.text import shorten as shorten

UTC = timezone.utc  # Python 3.10 has no datetime.UTC
STATUS_TOPIC = "moxie/tts/status"
CONTROL_TOPIC = "moxie/tts/control"
HEALTH_TOPIC = "moxie/system/health"
SPEECH_COMPONENT = "tts-subscriber"

UTTERANCE_CHARACTERS = 20_000
PAYLOAD_BYTES = 64 * 1024
MAX_CHUNKS = 1_000
PRIORITIES = ("normal", "high")
ACTIONS = (
    "interrupt", "skip", "clear", "pause", "resume", "volume", "mute", "unmute", "replay",
)  # fmt: skip

EVENTS = ("stored", "playing", "spoken", "interrupted", "skipped", "expired", "failed")
"""What moxie/tts/status can say of an utterance."""

_NAMESPACE = uuid.UUID("5f0c2f3e-8c0b-5f1e-9d5c-6d6f78696521")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DEVICE = re.compile(r"[^\s/+#\x00]{1,128}")
_LANG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One message of the text topic: an utterance, or a numbered part of one."""

    utterance_id: uuid.UUID
    text: str
    source: str = "system"
    chunk: int = 1
    total_chunks: int = 1
    published_at: datetime | None = None
    device_id: str = ""
    lang: str = ""
    voice: str = ""
    mood: str = ""
    intensity: float | None = None
    priority: str = "normal"
    ttl: float | None = None
    event_id: str = ""  # of the robot's request that this answers; no message has it
    is_open: bool = False
    """More of it follows, nobody knows how much: `total_chunks` only says that."""
    parts: tuple[str, ...] = ()
    """`text` as it was cut when it went out in parts, while it was still being made."""
    is_anonymous: bool = False
    """It came without an id, so the one it has was made up on receipt."""

    def to_payload(self) -> bytes:
        """The JSON of this message; what is empty is left out."""
        fields: dict[str, Any] = {
            "text": self.text,
            "timestamp": format_time(self.published_at or datetime.now(UTC)),
            "source": self.source,
            "chunk": self.chunk,
            "total_chunks": self.total_chunks,
            "id": str(self.utterance_id),
        }
        for name in ("device_id", "lang", "voice", "mood", "intensity", "ttl"):
            if (value := getattr(self, name)) not in ("", None):
                fields[name] = value
        if self.priority != "normal":
            fields["priority"] = self.priority
        if self.is_open:
            fields["more"] = True
        return dump(fields)

    def split(self) -> list[Chunk]:
        """This utterance as chunks that fit the wire; their texts join to the same text."""
        parts = self.parts or split_chunks(self.text)
        # Of one that is open, whoever counts against the newest message sees that one is missing.
        total = None if self.is_open else len(parts)
        return [
            replace(self, text=part, chunk=number, total_chunks=total or number + 1, parts=())
            for number, part in enumerate(parts, start=1)
        ]


@dataclass(frozen=True, kw_only=True)
class Control:
    """One message of the control topic."""

    action: str
    device_id: str = ""
    value: float | None = None
    utterance_id: uuid.UUID | None = None

    def to_payload(self) -> bytes:
        fields: dict[str, Any] = {"action": self.action}
        if self.device_id:
            fields["device_id"] = self.device_id
        if self.value is not None:
            fields["value"] = self.value
        if self.utterance_id is not None:
            fields["id"] = str(self.utterance_id)
        return dump(fields)


def parse_chunk(payload: bytes, *, device_id: str = "") -> Chunk:
    """Read a message of the text topic; `device_id` is what its topic ends in, if anything."""
    content = _decode(payload)
    device_id = _match({"device_id": device_id}, "device_id", _DEVICE)
    if not content.lstrip().startswith("{"):
        return _plain(content, device_id)
    fields = _object(content)
    total = _number(fields, "total_chunks", default=1, high=MAX_CHUNKS)
    number = _number(fields, "chunk", default=1, high=total)
    # A chunk may be nothing but the white space between two others.
    text = _text(fields, "text", CHUNK_CHARACTERS, blank=total > 1)
    device_id = device_id or _match(fields, "device_id", _DEVICE)
    source = _match(fields, "source", _SLUG) or "system"
    priority = str(fields.get("priority") or "normal")
    if priority not in PRIORITIES:
        raise InvalidMessageError(f"priority is {priority!r}: give normal or high")
    return Chunk(
        utterance_id=_utterance_id(fields, source, device_id, total),
        text=text,
        source=source,
        chunk=number,
        total_chunks=total,
        published_at=_time(fields),
        device_id=device_id,
        lang=_match(fields, "lang", _LANG),
        voice=_match(fields, "voice", _SLUG),
        mood=_match(fields, "mood", _SLUG),
        intensity=_optional(fields, "intensity", low=0, high=1),
        priority=priority,
        ttl=_optional(fields, "ttl", low=0, high=7 * 86_400),
        is_open=total > 1 and fields.get("more") is True,
        is_anonymous=total == 1 and fields.get("id") in (None, ""),
    )


def parse_control(payload: bytes) -> Control:
    """Read a message of the control topic."""
    fields = _object(_decode(payload))
    action = fields.get("action")
    if action not in ACTIONS:
        raise InvalidMessageError(f"action is {action!r}: give one of {', '.join(ACTIONS)}")
    value = _optional(fields, "value", low=0, high=1)
    utterance_id = _uuid(fields)
    if action == "volume" and value is None:
        raise InvalidMessageError("action volume needs a value from 0 to 1")
    if action == "replay" and utterance_id is None:
        raise InvalidMessageError("action replay needs the id of an utterance")
    return Control(
        action=action,
        device_id=_match(fields, "device_id", _DEVICE),
        value=value,
        utterance_id=utterance_id,
    )


def parse_object(payload: bytes) -> dict[str, Any]:
    """Read any other JSON object (status, health)."""
    return _object(_decode(payload))


def status_payload(
    *,
    status: str,
    current_text: str,
    queue_size: int,
    component: str,
    utterance_id: uuid.UUID | None = None,
    event: str = "",
    device_id: str = "",
    error: str = "",
) -> bytes:
    """A message of the status topic: the speaker's state, and what just happened to whom."""
    fields: dict[str, Any] = {
        "status": status,
        "current_text": current_text,
        "queue_size": queue_size,
        "timestamp": format_time(datetime.now(UTC)),
        "component": component,
    }
    if utterance_id is not None:
        fields |= {"id": str(utterance_id), "event": event}
    if device_id:
        fields["device_id"] = device_id
    if error:
        fields["error"] = error
    return dump(fields)


def presence_payload(status: str, component: str, version: str, instance: str = "") -> bytes:
    """Birth (`online`) or last will (`offline`) of a component."""
    fields = {"status": status, "component": component, "version": version, "instance": instance}
    return dump(fields | {"timestamp": format_time(datetime.now(UTC))})


def pong_payload(
    ping: dict[str, Any], component: str, status: str, checks: Any, instance: str = ""
) -> bytes:
    """The answer of `component` to a health ping."""
    fields = {"type": "pong", "id": ping.get("id"), "component": component, "status": status}
    now = format_time(datetime.now(UTC))
    return dump(fields | {"checks": checks, "instance": instance, "timestamp": now})


def dump(fields: dict[str, Any]) -> bytes:
    """JSON as bytes, accents as they are."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def format_time(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as in 2025-09-18T10:30:00.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tidy(utterance: Chunk) -> Chunk:
    """`utterance` without the optional fields that no reader would take.

    What somebody says should not be lost for a mood with a space in it.
    """
    patterns = {"device_id": _DEVICE, "lang": _LANG, "voice": _SLUG, "mood": _SLUG}
    changes: dict[str, Any] = {
        name: ""
        for name, pattern in patterns.items()
        if (value := getattr(utterance, name)) and not _fits(value, pattern)
    }
    if not _fits(utterance.source, _SLUG):
        changes["source"] = "system"
    for name, high in (("intensity", 1.0), ("ttl", 7 * 86_400)):
        value = getattr(utterance, name)
        if value is not None and not (isinstance(value, int | float) and 0 <= value <= high):
            changes[name] = None
    return replace(utterance, **changes) if changes else utterance


def _fits(value: object, pattern: re.Pattern[str]) -> bool:
    return isinstance(value, str) and bool(pattern.fullmatch(value)) and clean(value) == value


def _plain(content: str, device_id: str) -> Chunk:
    text = _text({"text": content.rstrip("\r\n")}, "text", UTTERANCE_CHARACTERS)
    return Chunk(utterance_id=uuid.uuid4(), text=text, device_id=device_id, is_anonymous=True)


def _decode(payload: bytes) -> str:
    if len(payload) > PAYLOAD_BYTES:
        raise InvalidMessageError(f"payload of {len(payload)} bytes: at most {PAYLOAD_BYTES}")
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as exc:
        where = f"{exc.reason} at byte {exc.start}"
        raise InvalidMessageError(f"payload is not UTF-8: {where}") from exc


def _object(content: str) -> dict[str, Any]:
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError) as exc:
        raise InvalidMessageError(f"payload is not valid JSON: {exc}") from exc
    if not isinstance(fields, dict):
        raise InvalidMessageError("payload is not a JSON object")
    return fields


def _text(fields: dict[str, Any], name: str, limit: int, *, blank: bool = False) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise InvalidMessageError(f"{name} is missing or is not a string")
    if not value or not (blank or value.strip()):
        raise InvalidMessageError(f"{name} is empty")
    if len(value) > limit:
        raise InvalidMessageError(f"{name} has {len(value)} characters: at most {limit}")
    if clean(value) != value:
        raise InvalidMessageError(f"{name} has a NUL or half a surrogate pair")
    return value


def _match(fields: dict[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    value = fields.get(name)
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not _fits(value, pattern):
        raise InvalidMessageError(f"{name} is {str(value)[:80]!r}: not a valid name")
    return value


def _optional(fields: dict[str, Any], name: str, *, low: float, high: float) -> float | None:
    if fields.get(name) is None:
        return None
    value = fields[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        shown = str(value)[:80]
        raise InvalidMessageError(f"{name} is {shown!r}: give a number from {low} to {high}")
    return float(value)


def _number(fields: dict[str, Any], name: str, *, default: int, high: int) -> int:
    value = _optional(fields, name, low=1, high=high)
    if value is None:
        return default
    if value != int(value):
        raise InvalidMessageError(f"{name} is {value}: give a whole number")
    return int(value)


def _uuid(fields: dict[str, Any]) -> uuid.UUID | None:
    value = fields.get("id")
    if value in (None, ""):
        return None
    try:
        return uuid.UUID(str(value))
    except ValueError as exc:
        raise InvalidMessageError(f"id is {str(value)[:80]!r}: not a UUID") from exc


def _utterance_id(fields: dict[str, Any], source: str, device_id: str, total: int) -> uuid.UUID:
    if (given := _uuid(fields)) is not None:
        return given
    if total == 1:
        return uuid.uuid4()
    # Chunks without an id belong together by what they share.
    shared = (source, device_id, clean(str(fields.get("timestamp"))), str(total))
    return uuid.uuid5(_NAMESPACE, "\x1f".join(shared))


def _time(fields: dict[str, Any]) -> datetime | None:
    value = fields.get("timestamp")
    if value in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise InvalidMessageError(f"timestamp is {str(value)[:80]!r}: give ISO 8601") from exc
