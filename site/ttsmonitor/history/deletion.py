"""Deletion of utterances that a person asked for."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from uuid import UUID

from ttsmirror.database import with_connections
from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmonitor import live_events
from ttsmonitor.history import hourly, retention

logger = logging.getLogger(__name__)

MAX_SYNCHRONOUS = 2_000
"""More utterances than this are deleted on a thread."""


def delete_span(since: datetime | None, until: datetime) -> bool:
    """Delete the finished utterances received in this span; without `since` from the first one on.

    Return True if they are gone, False if a thread deletes them, oldest first.
    """
    rows = Utterance.objects.finished().filter(received_at__lt=until)
    if since is not None:
        rows = rows.filter(received_at__gte=since)
    if rows[MAX_SYNCHRONOUS:].exists():
        threading.Thread(
            target=with_connections(lambda: _delete_slowly(rows)),
            name="ttsmonitor.deletion",
            daemon=True,  # what is left at the end of the process can be deleted again
        ).start()
        return False
    retention.delete_in_batches(rows, lambda seconds: False)
    announce()
    return True


def delete_one(pk: UUID) -> None:
    """Delete this utterance if it is finished."""
    Utterance.objects.filter(pk=pk).finished().delete()
    announce()


def announce() -> None:
    """Tell the open pages of this process that utterances were deleted."""
    hourly.expire()
    for group in (live_events.MONITOR_GROUP, live_events.ROBOTS_GROUP):
        live_events.push(group, "forgotten", {})


def _delete_slowly(rows: UtteranceQuerySet) -> None:
    with retention.failures_logged():
        count = retention.delete_in_batches(rows, threading.Event().wait)
        logger.info("%d utterances deleted", count)
    announce()
