"""Store messages singly and in batches."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.wire.messages import Chunk, parse_chunk
from ttsmonitor.intake import inbox
from ttsmonitor.intake.inbox import Arrival, Stored

Message = bytes | Chunk


def store(message: Message, **how: bool) -> Stored:
    """Store a single message. Raise InvalidMessageError if it is refused."""
    (result,) = store_together([message], **how)
    if isinstance(result, InvalidMessageError):
        raise result
    return result


def store_together(messages: Sequence[Message], **how: bool) -> list[Stored | InvalidMessageError]:
    """Store messages that arrive in one batch, in one transaction as the service does."""
    arrivals = [
        Arrival(each if isinstance(each, Chunk) else parse_chunk(each), **how) for each in messages
    ]
    with transaction.atomic(savepoint=False):  # query counts stay those of the batch
        return inbox.store(arrivals)
