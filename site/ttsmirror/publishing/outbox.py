"""The outbox: an utterance stays here until the subscriber confirms that it is stored.

A PUBACK proves nothing, since a broker can lose what it acknowledged. So an entry is written before
the first attempt, published again after a reconnect, a restart, the subscriber's birth or a long
silence, and deleted when `stored` comes back for its id. The subscriber stores an id once only.

Hive and speech service on one computer share the file. Each publishes what it added as `sender`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import F, Q
from django.utils import timezone

from ttsmirror.models import OutboxEntry
from ttsmirror.plugged_in import database
from ttsmirror.wire.messages import Chunk

logger = logging.getLogger(__name__)

OPEN_SECONDS = 300.0
"""Age from which a growing text counts as complete, in seconds."""


def add(utterances: Iterable[Chunk], sender: str = "") -> None:
    """Write utterances; one that has grown replaces its earlier state."""
    entries = [
        OutboxEntry(id=each.utterance_id, payload=_pack(each), sender=sender) for each in utterances
    ]
    OutboxEntry.objects.bulk_create(
        entries, update_conflicts=True, unique_fields=["id"], update_fields=["payload"]
    )


def confirm(ids: Iterable[UUID]) -> None:
    """Delete utterances that the subscriber has stored."""
    OutboxEntry.objects.filter(pk__in=list(ids)).delete()


def withdraw(device_id: str) -> None:
    """Keep a robot's utterances (empty: any robot's) from being spoken; the history gets them."""
    entries = OutboxEntry.objects.all()
    if device_id:
        entries = entries.filter(payload__device_id=device_id)
    for entry in entries:
        entry.payload["ttl"] = 0
        entry.save(update_fields=["payload"])


def may_have_entries(sender: str = "") -> bool:
    """Return False if nothing of `sender` is unconfirmed; create the file if it is missing."""
    try:
        if database.has_own_outbox():
            database.prepare()
        return OutboxEntry.objects.filter(sender=sender).exists()
    except DatabaseError as exc:
        logger.error("the outbox cannot be read: %s", exc)
        return True


def ids(sender: str = "") -> list[UUID]:
    """Return the ids of the unconfirmed utterances of `sender`."""
    return list(OutboxEntry.objects.filter(sender=sender).values_list("pk", flat=True))


def unconfirmed(sender: str = "") -> list[Chunk]:
    """Return the unconfirmed utterances of `sender`, oldest first."""
    entries = OutboxEntry.objects.filter(sender=sender)
    return [_unpack(each) for each in entries.order_by("created_at")]


def get(ids: Iterable[UUID]) -> list[Chunk]:
    """Return the unconfirmed ones among these."""
    return [_unpack(each) for each in OutboxEntry.objects.filter(pk__in=list(ids))]


def due(retry_seconds: float, sender: str = "") -> list[Chunk]:
    """Return utterances of `sender` to publish again, oldest first; each attempt prolongs the wait.

    Otherwise a broker that keeps messages for an absent subscriber would get copy after copy.
    """
    now, pause = timezone.now(), timedelta(seconds=retry_seconds)
    silent = OutboxEntry.objects.filter(
        Q(published_at__lt=now - pause) | Q(published_at=None, created_at__lt=now - pause),
        sender=sender,
    )
    return [
        _unpack(each)
        for each in silent.order_by("created_at")
        if each.published_at is None or each.published_at < now - pause * each.attempts
    ]


def attempted(ids: Iterable[UUID]) -> None:
    """Note that these were published just now."""
    OutboxEntry.objects.filter(pk__in=list(ids)).update(
        published_at=timezone.now(), attempts=F("attempts") + 1
    )


def enforce_bounds(max_rows: int, max_hours: float) -> int:
    """Delete the oldest entries beyond the bounds; return how many."""
    limit = timezone.now() - timedelta(hours=max_hours)
    fallen = OutboxEntry.objects.filter(created_at__lt=limit).delete()[0]
    if (excess := OutboxEntry.objects.count() - max_rows) > 0:
        oldest = OutboxEntry.objects.order_by("created_at").values_list("pk", flat=True)[:excess]
        fallen += OutboxEntry.objects.filter(pk__in=list(oldest)).delete()[0]
    if fallen:
        logger.error("dropped %d unconfirmed sentences: the outbox is full", fallen)
    return fallen


def _pack(utterance: Chunk) -> dict[str, Any]:
    fields = asdict(utterance)
    del fields["utterance_id"], fields["is_anonymous"], fields["age"]
    if utterance.published_at is not None:
        fields["published_at"] = utterance.published_at.isoformat()
    return fields


def _unpack(entry: OutboxEntry) -> Chunk:
    fields = dict(entry.payload) | {"chunk": 1, "parts": tuple(entry.payload.get("parts", ()))}
    if fields["published_at"]:
        fields["published_at"] = datetime.fromisoformat(fields["published_at"])
    if entry.created_at < timezone.now() - timedelta(seconds=OPEN_SECONDS):
        fields["is_open"] = False  # the process that generated the rest has ended
    return Chunk(utterance_id=entry.pk, **fields)
