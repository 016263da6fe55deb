"""What is handed to the publisher's thread."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ttsmirror.publishing.deduplication import RobotReport
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import Chunk

Handed = Chunk | Control | RobotReport | None
"""By whoever has something to publish."""


@dataclass(frozen=True)
class Confirmed:
    """The speech service has stored it."""

    utterance_id: uuid.UUID


@dataclass(frozen=True)
class Resend:
    """Publish again what is not confirmed."""

    is_all: bool
    """Also what went out over this very connection: nobody may have listened."""


@dataclass(frozen=True)
class StatusReport:
    """What became of an utterance, in the words of the status topic."""

    fields: dict[str, Any]


Item = (
    Chunk | Control | RobotReport | Callable[[], Handed] | Confirmed | Resend | StatusReport | None
)
"""Whatever its queue holds."""
