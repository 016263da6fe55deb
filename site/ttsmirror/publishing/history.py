"""The history in an OpenMoxie, built from the speech service's status messages.

The speech service keeps its own history elsewhere. For the publisher's thread only.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils import timezone

from ttsmirror.conf import conf
from ttsmirror.models import Utterance, utterance_fields
from ttsmirror.publishing import outbox
from ttsmirror.reasons import Reason, reason_columns
from ttsmirror.wire.messages import ENDS

FOLLOWED = 10_000
PRUNE_SECONDS = 3600.0


class HistoryFollower:
    """Adds confirmed utterances to the history and records their outcomes."""

    def __init__(self) -> None:
        self._told: deque[dict[str, Any]] = deque(maxlen=FOLLOWED)
        self._pruned = -PRUNE_SECONDS

    def add_confirmed(self, ids: Iterable[UUID]) -> None:
        """Add utterances that the speech service has stored; the outbox still has their text."""
        now = timezone.now()
        rows = [
            Utterance(text=each.text, status=Utterance.Status.QUEUED, **utterance_fields(each, now))
            for each in outbox.get(ids)
        ]
        Utterance.objects.bulk_create(rows, ignore_conflicts=True)

    def follow(self, fields: dict[str, Any]) -> None:
        """Remember a status message until write()."""
        if fields.get("event") in ("playing", *ENDS):
            self._told.append(fields)

    def write(self) -> None:
        """Record the outcomes, and delete utterances older than TTS_HISTORY_DAYS."""
        while self._told:
            _apply(self._told[0])
            self._told.popleft()  # only now: the write may have failed
        if time.monotonic() - self._pruned > PRUNE_SECONDS:
            self._pruned = time.monotonic()
            if days := conf.TTS_HISTORY_DAYS:
                Utterance.objects.older_than(days).delete()


def _apply(fields: dict[str, Any]) -> None:
    try:
        row = Utterance.objects.filter(pk=UUID(str(fields.get("id"))))
    except ValueError:
        return
    event = fields["event"]
    if event == "playing":
        row.move(Utterance.Status.QUEUED, event, started_at=timezone.now())
    else:
        reason = Reason.from_json(fields.get("reason")) or str(fields.get("error") or "")
        ended = reason_columns(reason)
        row.unfinished().update(status=event, finished_at=timezone.now(), **ended)
