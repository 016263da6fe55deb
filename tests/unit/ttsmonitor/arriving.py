"""Messages that arrive, alone and together."""

from __future__ import annotations

from collections.abc import Sequence

from ttsmonitor import inbox
from ttsmonitor.exceptions import InvalidMessageError
from ttsmonitor.inbox import Arrival, Stored
from ttsmonitor.messages import Chunk, parse_chunk

Message = bytes | Chunk


def store(message: Message, **how: bool) -> Stored:
    """What becomes of one that arrives alone. Raises InvalidMessageError."""
    (result,) = store_together([message], **how)
    if isinstance(result, InvalidMessageError):
        raise result
    return result


def store_together(messages: Sequence[Message], **how: bool) -> list[Stored | InvalidMessageError]:
    """What becomes of those that arrive in one batch."""
    return inbox.store([
        Arrival(each if isinstance(each, Chunk) else parse_chunk(each), **how) for each in messages
    ])  # fmt: skip
