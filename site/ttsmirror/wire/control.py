"""What one may tell the speech service: messages of the control topic, and of /api/control."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.wire.fields import (
    DEVICE,
    SLUG,
    decode,
    dump,
    read_name,
    read_number,
    read_object,
    read_uuid,
)

ACTIONS = (
    "interrupt", "skip", "clear", "pause", "resume", "volume", "mute", "unmute", "replay",
    "remove", "move",
)  # fmt: skip
QUEUE_ACTIONS = ("remove", "move")
"""Those that are about what waits."""
OF_AN_UTTERANCE = ("replay", *QUEUE_ACTIONS)
"""Those that need the id of one."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """One message of the control topic."""

    action: str
    device_id: str = ""
    value: float | None = None
    utterance_id: uuid.UUID | None = None
    before: uuid.UUID | None = None
    """Whose turn `move` puts it before; None: it goes to the end."""
    sender: str = ""
    """The instance of a speech service that has obeyed it already, and tells the others."""

    def to_payload(self) -> bytes:
        fields: dict[str, Any] = {"action": self.action}
        if self.device_id:
            fields["device_id"] = self.device_id
        if self.value is not None:
            fields["value"] = self.value
        if self.utterance_id is not None:
            fields["id"] = str(self.utterance_id)
        if self.sender:
            fields["sender"] = self.sender
        if self.action == "move":
            fields["before"] = None if self.before is None else str(self.before)
        return dump(fields)


def parse_control(payload: bytes) -> Control:
    """Read a message of the control topic."""
    fields = read_object(decode(payload))
    action = fields.get("action")
    if action not in ACTIONS:
        shown = str(action)[:80]
        raise InvalidMessageError(f"action is {shown!r}: give one of {', '.join(ACTIONS)}")
    value = read_number(fields, "value", low=0, high=1)
    utterance_id = read_uuid(fields)
    if action == "volume" and value is None:
        raise InvalidMessageError("action volume needs a value from 0 to 1")
    if action in OF_AN_UTTERANCE and utterance_id is None:
        raise InvalidMessageError(f"action {action} needs the id of an utterance")
    return Control(
        action=action,
        device_id=read_name(fields, "device_id", DEVICE),
        value=value,
        utterance_id=utterance_id,
        before=read_uuid(fields, "before") if action == "move" else None,
        sender=read_name(fields, "sender", SLUG),
    )
