"""Deletion of old utterances and quarantined messages, in batches that hold up no other writer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet

from ttsmirror.heartbeat import beat
from ttsmirror.models import Utterance
from ttsmirror.service_thread import TURN_SECONDS, ServiceThread
from ttsmonitor.conf import conf
from ttsmonitor.models import QuarantinedMessage, RetentionPolicy

logger = logging.getLogger(__name__)

BATCH = 200
PAUSE_SECONDS = 0.05
"""Pause after each batch, in seconds, in which others can take SQLite's lock."""
SWEEP_SECONDS = 3600.0
POLL_SECONDS = 60.0
"""How soon a changed policy is noticed."""


@dataclass(frozen=True)
class Pruned:
    """Numbers of deleted rows."""

    utterances: int = 0
    quarantined: int = 0

    def __str__(self) -> str:
        """Describe them for the log and the command line."""
        return f"{self.utterances} utterances and {self.quarantined} quarantined messages"


def current_days() -> int:
    """Return the days after which an utterance is deleted; 0 means never."""
    days = RetentionPolicy.objects.values_list("days", flat=True).first()
    default: int = conf.TTS_HISTORY_DAYS
    return default if days is None else days


def set_days(days: int) -> None:
    """Store the days, which from now on override TTS_HISTORY_DAYS."""
    RetentionPolicy.objects.update_or_create(pk=1, defaults={"days": days})


def count_prunable(days: float) -> Pruned:
    """Return the number of rows that prune() would delete now."""
    return Pruned(
        Utterance.objects.older_than(days).count(),
        QuarantinedMessage.objects.older_than(days).count(),
    )


def prune(days: float, wait: Callable[[float], bool]) -> Pruned:
    """Delete finished utterances and quarantined messages older than `days`.

    `wait` pauses for some seconds after a batch; its True ends the work.
    """
    return Pruned(
        delete_in_batches(Utterance.objects.older_than(days), wait),
        delete_in_batches(QuarantinedMessage.objects.older_than(days), wait),
    )


def delete_in_batches(rows: QuerySet[Any], wait: Callable[[float], bool]) -> int:
    """Delete `rows`, the oldest first, and return their number. See prune() for `wait`."""
    deleted = 0
    oldest = rows.order_by("received_at").values_list("pk", flat=True)
    while ids := list(oldest[:BATCH]):
        # Through the same conditions, because a row may have changed meanwhile.
        deleted += rows.filter(pk__in=ids).delete()[1].get(rows.model._meta.label, 0)
        if wait(PAUSE_SECONDS):
            break
    return deleted


@contextmanager
def failures_logged() -> Iterator[None]:
    """Log what fails while rows are deleted, at the top of a thread."""
    try:
        yield
    except DatabaseError as exc:
        logger.error("deletion failed: %s", exc)
    except Exception:
        logger.exception("deletion failed")


class Retention(ServiceThread):
    """A thread that deletes rows beyond the retention, at once and then every hour."""

    def __init__(self) -> None:
        """Prepare the thread."""
        super().__init__("ttsmonitor.retention")
        self._swept_days, self._swept_at, self._next_look = 0, 0.0, 0.0

    def work(self) -> None:
        """Delete what is too old, if it is time or the policy changed."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + POLL_SECONDS
            days = current_days()
            if days != self._swept_days or time.monotonic() - self._swept_at >= SWEEP_SECONDS:
                self._swept_days, self._swept_at = days, time.monotonic()
                self._sweep(days)
        self.stopping.wait(min(TURN_SECONDS, POLL_SECONDS))

    def _sweep(self, days: int) -> None:
        pruned = prune(days, self._pause) if days else Pruned()
        if pruned != Pruned():
            logger.info("%s older than %d days deleted", pruned, days)

    def _pause(self, seconds: float) -> bool:
        beat()
        return self.stopping.wait(seconds)
