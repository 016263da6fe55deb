"""The wire contract: how the MQTT payloads are read and written.

Payloads are UTF-8 JSON objects; unknown fields are ignored. On the text topic plain UTF-8 text is
an utterance too. A payload that cannot be read raises InvalidMessageError with the reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ttsmirror.text import CHUNK_CHARACTERS, clean, split_chunks
from ttsmirror.wire.fields import (
    DEVICE,
    SLUG,
    UTC,
    decode,
    dump,
    fits,
    format_time,
    read_name,
    read_number,
    read_object,
    read_text,
    read_time,
    read_uuid,
    read_whole,
)
from ttsmirror.wire.options import SpeechOptions, read_options, unreadable_options

STATUS_TOPIC = "moxie/tts/status"
CONTROL_TOPIC = "moxie/tts/control"
HEALTH_TOPIC = "moxie/system/health"
SPEECH_COMPONENT = "tts-subscriber"
PLUG_IN_COMPONENT = "openmoxie"
"""The mirror in an OpenMoxie."""

UTTERANCE_CHARACTERS = 20_000
MAX_CHUNKS = 1_000
MAX_AGE_SECONDS = 366 * 86_400
"""No outbox keeps an utterance for longer."""

ENDS = ("spoken", "interrupted", "skipped", "expired", "failed")
"""How an utterance can end."""
EVENTS = ("stored", "playing", *ENDS)
"""Events of an utterance on moxie/tts/status."""

_NAMESPACE = uuid.UUID("5f0c2f3e-8c0b-5f1e-9d5c-6d6f78696521")


@dataclass(frozen=True, kw_only=True)
class Chunk(SpeechOptions):
    """One message of the text topic: an utterance, or a numbered part of one."""

    utterance_id: uuid.UUID
    text: str
    source: str = "system"
    chunk: int = 1
    total_chunks: int = 1
    published_at: datetime | None = None
    """When it was said, by the publisher's clock."""
    age: float = 0.0
    """Seconds since then when this message went out, for readers whose clock differs."""
    device_id: str = ""
    event_id: str = ""
    """Id of the robot's request that this answers. It is not part of the message."""
    is_open: bool = False
    """The text is incomplete; `total_chunks` is not final."""
    parts: tuple[str, ...] = ()
    """The parts in which a growing `text` was published."""
    is_anonymous: bool = False
    """The message had no id; one was generated on receipt."""

    def to_payload(self) -> bytes:
        """Return the JSON of this message without its empty fields."""
        fields: dict[str, Any] = {
            "text": self.text,
            "timestamp": format_time(self.published_at or datetime.now(UTC)),
            "source": self.source,
            "chunk": self.chunk,
            "total_chunks": self.total_chunks,
            "id": str(self.utterance_id),
        }
        if self.device_id:
            fields["device_id"] = self.device_id
        if self.age:
            fields["age"] = self.age
        fields |= self.option_fields()
        if self.is_open:
            fields["more"] = True
        return dump(fields)

    def split(self) -> list[Chunk]:
        """Split this utterance into chunks that fit the wire; their texts join to the same text."""
        parts = self.parts or split_chunks(self.text)
        # While the text grows, total_chunks is chunk + 1, so receivers know that more follows.
        total = None if self.is_open else len(parts)
        return [
            replace(self, text=part, chunk=number, total_chunks=total or number + 1, parts=())
            for number, part in enumerate(parts, start=1)
        ]


def parse_chunk(payload: bytes, *, device_id: str = "") -> Chunk:
    """Read a message of the text topic. Raises InvalidMessageError.

    `device_id` is the last level of a per-device topic; it takes precedence over the payload's.
    """
    content = decode(payload)
    device_id = read_name({"device_id": device_id}, "device_id", DEVICE)
    if not content.lstrip().startswith("{"):
        return _plain(content, device_id)
    fields = read_object(content)
    total = read_whole(fields, "total_chunks", default=1, high=MAX_CHUNKS)
    number = read_whole(fields, "chunk", default=1, high=total)
    # A chunk may be nothing but the white space between two others.
    text = read_text(fields, "text", CHUNK_CHARACTERS, blank=total > 1)
    device_id = device_id or read_name(fields, "device_id", DEVICE)
    source = read_name(fields, "source", SLUG) or "system"
    return Chunk(
        utterance_id=_utterance_id(fields, source, device_id, total),
        text=text,
        source=source,
        chunk=number,
        total_chunks=total,
        published_at=read_time(fields),
        age=read_number(fields, "age", low=0, high=MAX_AGE_SECONDS) or 0.0,
        device_id=device_id,
        **read_options(fields),
        is_open=total > 1 and fields.get("more") is True,
        is_anonymous=total == 1 and fields.get("id") in (None, ""),
    )


def parse_object(payload: bytes) -> dict[str, Any]:
    """Read any other JSON object (status, health). Raises InvalidMessageError."""
    return read_object(decode(payload))


def status_payload(
    *,
    status: str,
    current_text: str,
    queue_size: int,
    component: str,
    event: str = "",
    utterance: Mapping[str, Any] | None = None,
    alerts: Sequence[str] = (),
) -> bytes:
    """Return a message of the status topic: the speaker's state and the latest event.

    `alerts` are codes for what keeps a sentence from being heard, such as `muted`.
    `utterance` is the one of the event, with its `id` and, if known, `device_id`, `error` and
    `reason`.
    """
    fields: dict[str, Any] = {
        "status": status,
        "current_text": current_text,
        "queue_size": queue_size,
        "timestamp": format_time(datetime.now(UTC)),
        "component": component,
        "alerts": list(alerts),
    }
    if utterance is not None:
        fields |= {"id": utterance["id"], "event": event}
        known = ("device_id", "error", "reason")
        fields |= {name: utterance[name] for name in known if utterance.get(name)}
    return dump(fields)


def presence_payload(status: str, component: str, version: str, instance: str = "") -> bytes:
    """Return the birth (`online`) or last will (`offline`) message of a component."""
    fields = {"status": status, "component": component, "version": version, "instance": instance}
    return dump(fields | {"timestamp": format_time(datetime.now(UTC))})


def pong_payload(
    ping: dict[str, Any],
    component: str,
    status: str,
    checks: Any,
    instance: str = "",
    *,
    topic: str = "",
) -> bytes:
    """Return the answer of `component` to a health ping; `topic` is where it expects sentences."""
    fields = {"type": "pong", "id": ping.get("id"), "component": component, "status": status}
    if topic:
        fields["topic"] = topic
    now = format_time(datetime.now(UTC))
    return dump(fields | {"checks": checks, "instance": instance, "timestamp": now})


def tidy(utterance: Chunk) -> Chunk:
    """Return `utterance` without optional fields that no reader would accept.

    A sentence must not be lost because of a mood with a space in it.
    """
    changes = unreadable_options(utterance)
    if utterance.device_id and not fits(utterance.device_id, DEVICE):
        changes["device_id"] = ""
    if not fits(utterance.source, SLUG):
        changes["source"] = "system"
    return replace(utterance, **changes) if changes else utterance


def _plain(content: str, device_id: str) -> Chunk:
    text = read_text({"text": content.rstrip("\r\n")}, "text", UTTERANCE_CHARACTERS)
    return Chunk(utterance_id=uuid.uuid4(), text=text, device_id=device_id, is_anonymous=True)


def _utterance_id(fields: dict[str, Any], source: str, device_id: str, total: int) -> uuid.UUID:
    if (given := read_uuid(fields)) is not None:
        return given
    if total == 1:
        return uuid.uuid4()
    # Chunks without an id belong together by what they share.
    shared = (source, device_id, clean(str(fields.get("timestamp"))), str(total))
    return uuid.uuid5(_NAMESPACE, "\x1f".join(shared))
