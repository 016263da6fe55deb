"""Forgets what is old: the history's finished utterances, and what could not be read. How old, a
person has said on the page of the history, or TTS_HISTORY_DAYS says it.

A batch at a time, so that whoever writes meanwhile waits for one batch at most.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import QuerySet

from ttsmirror.database import tend_connections, with_connections
from ttsmirror.models import Utterance
from ttsmonitor.conf import conf
from ttsmonitor.models import Keeping, QuarantinedMessage

logger = logging.getLogger(__name__)

BATCH = 200
PAUSE_SECONDS = 0.05
SWEEP_SECONDS = 3600.0
LOOK_SECONDS = 60.0
"""How often it is looked whether a person has said something else."""

Old = QuerySet[Any]


@dataclass(frozen=True)
class Pruned:
    """How much is forgotten."""

    utterances: int = 0
    quarantined: int = 0

    def __str__(self) -> str:
        return f"{self.utterances} utterances and {self.quarantined} quarantined messages"


def kept_days() -> int:
    """Days after which what was said is forgotten; 0: never."""
    said = Keeping.objects.values_list("days", flat=True).first()
    days: int = conf.TTS_HISTORY_DAYS if said is None else said
    return days


def keep(days: int) -> None:
    """From now on so many; it wins over the setting."""
    Keeping.objects.update_or_create(pk=1, defaults={"days": days})


def count_old(days: float) -> Pruned:
    """What prune() would forget now."""
    return Pruned(
        Utterance.objects.older_than(days).count(),
        QuarantinedMessage.objects.older_than(days).count(),
    )


def prune(days: float, wait: Callable[[float], bool]) -> Pruned:
    """Forget what is older than `days` and finished; `wait` is that of the event that ends it."""
    utterances = delete(lambda: Utterance.objects.older_than(days), wait)
    quarantined = delete(lambda: QuarantinedMessage.objects.older_than(days), wait)
    return Pruned(utterances, quarantined)


def delete(old: Callable[[], Old], wait: Callable[[float], bool]) -> int:
    """Delete these, a batch at a time; how many. `wait` as for prune()."""
    deleted = 0
    while ids := list(old().order_by("received_at").values_list("pk", flat=True)[:BATCH]):
        # Asked again whether they are old: what changed meanwhile may stay.
        deleted += old().filter(pk__in=ids).delete()[1].get(old().model._meta.label, 0)
        # SQLite hands its lock to whoever looks at the right moment: so there is such a moment.
        if wait(PAUSE_SECONDS):
            break
    return deleted


class Retention:
    """start() and stop(): forgets what is older than kept_days(), at once and every hour."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=with_connections(self._run), name="ttsmonitor.retention"
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        swept, swept_at = 0, 0.0
        while not self._stopping.is_set():
            try:
                days = kept_days()
                if days != swept or time.monotonic() - swept_at >= SWEEP_SECONDS:
                    swept, swept_at = days, time.monotonic()
                    self._sweep(days)
            except DatabaseError as exc:
                logger.error("what is old could not be forgotten: %s", exc)
            except Exception:
                logger.exception("what is old could not be forgotten")
            finally:
                tend_connections()
            self._stopping.wait(LOOK_SECONDS)

    def _sweep(self, days: int) -> None:
        pruned = prune(days, self._stopping.wait) if days else Pruned()
        if pruned != Pruned():
            logger.info("%s older than %d days forgotten", pruned, days)
