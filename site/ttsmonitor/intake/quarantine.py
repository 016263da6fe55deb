"""Keep messages that could not be stored, with the reason; the newest, within bounds."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Sum, Window
from django.db.models.functions import Length

from ttsmirror.reasons import as_json
from ttsmirror.text import shorten
from ttsmirror.wire.fields import PAYLOAD_BYTES
from ttsmonitor.models import QuarantinedMessage

logger = logging.getLogger(__name__)

MAX_ROWS = 10_000
MAX_BYTES = 64 * 1024 * 1024
TOPIC_CHARACTERS = 1024
REASON_CHARACTERS = 1000
SHOWN_CHARACTERS = 200


@dataclass(frozen=True)
class Unreadable:
    """A message and the reason why it cannot be read."""

    topic: str
    payload: bytes
    reason: str


def quarantine(messages: Sequence[Unreadable]) -> None:
    """Keep these messages, their payloads cut to the limit; the oldest make room."""
    if not messages:
        return
    # One line for all of them: a broken sender sends many.
    last = messages[-1]
    topic, reason = (shorten(each, SHOWN_CHARACTERS) for each in (last.topic, last.reason))
    logger.warning("quarantined %d messages, the last on %s: %s", len(messages), topic, reason)
    kept = QuarantinedMessage.objects.bulk_create(
        [
            QuarantinedMessage(
                # PostgreSQL takes no NUL, and a column has its length.
                topic=message.topic.replace("\0", "\ufffd")[:TOPIC_CHARACTERS],
                payload=message.payload[:PAYLOAD_BYTES],
                reason=shorten(message.reason.replace("\0", "\ufffd"), REASON_CHARACTERS),
                cause=_storable(message.reason),
            )
            for message in messages
        ]
    )
    _make_room(kept[-1].pk)


def _storable(reason: str) -> dict[str, Any] | None:
    """Return a reason as JSON; None where it is too long, or has a NUL."""
    return as_json(reason) if len(reason) <= REASON_CHARACTERS and "\0" not in reason else None


def _make_room(newest: int) -> None:
    QuarantinedMessage.objects.filter(pk__lte=newest - MAX_ROWS).delete()
    so_far = Window(Sum(Length("payload")), order_by=F("pk").desc())
    over = QuarantinedMessage.objects.annotate(so_far=so_far).filter(so_far__gt=MAX_BYTES)
    first_over = over.order_by("-pk").values_list("pk", flat=True).first()
    if first_over is not None:
        QuarantinedMessage.objects.filter(pk__lte=first_over).delete()
