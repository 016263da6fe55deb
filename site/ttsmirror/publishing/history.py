"""The spoken history in an OpenMoxie that this was plugged into: the speech service is elsewhere.

It writes its history into its own database. Here that is followed by what it tells: which
utterances it has, and what became of each. For the publisher's thread only.
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
from ttsmirror.wire.messages import ENDS

FOLLOWED = 10_000
PRUNE_SECONDS = 3600.0


class HistoryFollower:
    """adopt() what the speech service has, follow() what it tells, write() it down."""

    def __init__(self) -> None:
        self._told: deque[dict[str, Any]] = deque(maxlen=FOLLOWED)
        self._pruned = -PRUNE_SECONDS

    def adopt(self, ids: Iterable[UUID]) -> None:
        """The speech service has stored these, which the outbox has still."""
        now = timezone.now()
        rows = [
            Utterance(text=each.text, status=Utterance.Status.QUEUED, **utterance_fields(each, now))
            for each in outbox.get(ids)
        ]
        Utterance.objects.bulk_create(rows, ignore_conflicts=True)

    def follow(self, fields: dict[str, Any]) -> None:
        """Take in a message of the status topic."""
        if fields.get("event") in ("playing", *ENDS):
            self._told.append(fields)

    def write(self) -> None:
        """Write down what was told, and forget what is old."""
        while self._told:
            _apply(self._told[0])
            self._told.popleft()  # not before: the database may be away
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
        error = str(fields.get("error") or "")
        row.unfinished().update(status=event, error=error, finished_at=timezone.now())
