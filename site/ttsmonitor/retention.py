"""Forgets what is old: the history's finished utterances, and what could not be read.

A batch at a time, so that whoever writes meanwhile waits for one batch at most.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet

from ttsmonitor.conf import conf
from ttsmonitor.database import tend_connections, with_connections
from ttsmonitor.models import QuarantinedMessage, Utterance

logger = logging.getLogger(__name__)

BATCH = 200
PAUSE_SECONDS = 0.05
SWEEP_SECONDS = 3600.0

Old = QuerySet[Any]


@dataclass(frozen=True)
class Pruned:
    """How much is forgotten."""

    utterances: int = 0
    quarantined: int = 0

    def __str__(self) -> str:
        return f"{self.utterances} utterances and {self.quarantined} quarantined messages"


def count_old(days: float) -> Pruned:
    """What prune() would forget now."""
    return Pruned(
        Utterance.objects.older_than(days).count(),
        QuarantinedMessage.objects.older_than(days).count(),
    )


def prune(days: float, wait: Callable[[float], bool]) -> Pruned:
    """Forget what is older than `days` and finished; `wait` is that of the event that ends it."""
    utterances = _delete(lambda: Utterance.objects.older_than(days), wait)
    quarantined = _delete(lambda: QuarantinedMessage.objects.older_than(days), wait)
    return Pruned(utterances, quarantined)


def _delete(old: Callable[[], Old], wait: Callable[[float], bool]) -> int:
    deleted = 0
    while ids := list(old().order_by("received_at").values_list("pk", flat=True)[:BATCH]):
        # Asked again whether they are old: what changed meanwhile may stay.
        deleted += old().filter(pk__in=ids).delete()[1].get(old().model._meta.label, 0)
        # SQLite hands its lock to whoever looks at the right moment: so there is such a moment.
        if wait(PAUSE_SECONDS):
            break
    return deleted


class Retention:
    """start() and stop(): forgets what is older than TTS_HISTORY_DAYS, at once and every hour."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=with_connections(self._run), name="ttsmonitor.retention"
        )

    def start(self) -> None:
        if conf.TTS_HISTORY_DAYS:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pruned = prune(conf.TTS_HISTORY_DAYS, self._stopping.wait)
                if pruned != Pruned():
                    logger.info("%s older than %d days forgotten", pruned, conf.TTS_HISTORY_DAYS)
            except DatabaseError as exc:
                logger.error("what is old could not be forgotten: %s", exc)
            except Exception:
                logger.exception("what is old could not be forgotten")
            finally:
                tend_connections()
            self._stopping.wait(SWEEP_SECONDS)
