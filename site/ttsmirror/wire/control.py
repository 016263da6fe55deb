"""Messages of the control topic, which /api/control takes too.

A new control is a line in CONTROL_ACTIONS, and a handler in ttsmonitor/service/control.py.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.reasons import Reason
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


@dataclass(frozen=True)
class ControlAction:
    """An action and the fields that it needs."""

    name: str
    needs_value: bool = False
    """`value`, from 0 to 1."""
    needs_utterance: bool = False
    """`id` of an utterance."""
    takes_before: bool = False
    """`before`: the id of another utterance, or null."""
    is_about_queue: bool = False
    """It changes the queue, so it fails if the utterance is no longer in it."""


CONTROL_ACTIONS = {
    action.name: action
    for action in (
        ControlAction("interrupt"),
        ControlAction("skip"),
        ControlAction("clear"),
        ControlAction("pause"),
        ControlAction("resume"),
        ControlAction("volume", needs_value=True),
        ControlAction("mute"),
        ControlAction("unmute"),
        ControlAction("replay", needs_utterance=True),
        ControlAction("remove", needs_utterance=True, is_about_queue=True),
        ControlAction("move", needs_utterance=True, takes_before=True, is_about_queue=True),
    )
}


@dataclass(frozen=True, kw_only=True)
class Control:
    """One message of the control topic."""

    action: str
    device_id: str = ""
    value: float | None = None
    utterance_id: uuid.UUID | None = None
    before: uuid.UUID | None = None
    """The utterance before which this one is put; None: the end of the queue."""
    sender: str = ""
    """Instance of the speech service that has already executed it and forwards it to the others."""

    def to_payload(self) -> bytes:
        """Return the JSON of this message without its empty fields."""
        fields: dict[str, Any] = {"action": self.action}
        if self.device_id:
            fields["device_id"] = self.device_id
        if self.value is not None:
            fields["value"] = self.value
        if self.utterance_id is not None:
            fields["id"] = str(self.utterance_id)
        if self.sender:
            fields["sender"] = self.sender
        if CONTROL_ACTIONS[self.action].takes_before:
            fields["before"] = None if self.before is None else str(self.before)
        return dump(fields)


def parse_control(payload: bytes) -> Control:
    """Read a message of the control topic. Raises InvalidMessageError."""
    fields = read_object(decode(payload))
    action = CONTROL_ACTIONS.get(str(fields.get("action")))
    if action is None:
        raise InvalidMessageError(
            Reason(
                "action is {value}: give one of {names}",
                value=repr(str(fields.get("action"))[:80]),
                names=", ".join(CONTROL_ACTIONS),
            )
        )
    value = read_number(fields, "value", low=0, high=1)
    utterance_id = read_uuid(fields)
    if action.needs_value and value is None:
        raise InvalidMessageError(
            Reason("action {name} needs a value from 0 to 1", name=action.name)
        )
    if action.needs_utterance and utterance_id is None:
        raise InvalidMessageError(
            Reason("action {name} needs the id of an utterance", name=action.name)
        )
    return Control(
        action=action.name,
        device_id=read_name(fields, "device_id", DEVICE),
        value=value,
        utterance_id=utterance_id,
        before=read_uuid(fields, "before") if action.takes_before else None,
        sender=read_name(fields, "sender", SLUG),
    )
