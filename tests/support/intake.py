"""Messages that arrive, alone and together."""

from __future__ import annotations

from collections.abc import Sequence

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.wire.messages import Chunk, parse_chunk
from ttsmonitor.intake import inbox
from ttsmonitor.intake.inbox import Arrival, Stored

Message = bytes | Chunk


def store(message: Message, **how: bool) -> Stored:
    """What becomes of one that arrives alone. Raises InvalidMessageError."""
    (result,) = store_together([message], **how)
    if isinstance(result, InvalidMessageError):
        raise result
    return result


def store_together(messages: Sequence[Message], **how: bool) -> list[Stored | InvalidMessageError]:
    """What becomes of those that arrive in one batch."""
    return inbox.store(
        [
            Arrival(each if isinstance(each, Chunk) else parse_chunk(each), **how)
            for each in messages
        ]
    )
