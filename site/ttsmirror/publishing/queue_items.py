"""The items of the publisher's queue."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ttsmirror.publishing.deduplication import RobotReport
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import Chunk

Handed = Chunk | Control | RobotReport | None
"""Anything that a caller hands over to be published."""


@dataclass(frozen=True)
class Confirmed:
    """The speech service has stored an utterance."""

    utterance_id: uuid.UUID


@dataclass(frozen=True)
class Resend:
    """A request to publish unconfirmed utterances again."""

    is_all: bool
    """Resend also what this connection has sent: there may have been no subscriber."""


@dataclass(frozen=True)
class StatusMessage:
    """A message of the status topic about an utterance."""

    fields: dict[str, Any]


Item = (
    Chunk | Control | RobotReport | Callable[[], Handed] | Confirmed | Resend | StatusMessage | None
)
"""Any item of the queue; None ends the thread."""
