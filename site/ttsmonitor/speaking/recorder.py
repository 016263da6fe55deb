"""Record what happens to utterances, and tell broker and pages, on a thread of its own.

The speaker must not wait for a disk or a network while it plays. It reports what happened, and
this thread writes it to the database, to moxie/tts/status and to the pages, in the same order.
"""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from django.db import InterfaceError, OperationalError

from ttsmirror.database import tend_connections
from ttsmirror.heartbeat import beat
from ttsmirror.models import Utterance
from ttsmirror.reasons import reason_of
from ttsmirror.service_thread import RETRY_SECONDS, TURN_SECONDS, ServiceThread
from ttsmonitor.history.serializers import serialize

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.04
BURST_SECONDS = 2.0
MANY = 50
"""Changes in so short a time that it is a burst."""
TOLD_AT_ONCE = 500
BACKLOG = 10_000


@dataclass(frozen=True)
class Change:
    """An event of an utterance as it was then, or a change of the service's state alone."""

    event: str = ""
    utterance: dict[str, Any] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """Columns to set."""


_Recorded = tuple[str, SimpleNamespace | None, dict[str, Any]]


class Recorder(ServiceThread):
    """An ordered queue of changes, written and told by one thread."""

    def __init__(self, tell: Callable[[list[Change]], None]) -> None:
        super().__init__("ttsmonitor.journal")
        self.error = ""
        """Why the history takes nothing; empty when it does."""
        self._tell = tell
        self._changes: queue.SimpleQueue[_Recorded | None] = queue.SimpleQueue()
        self._has_given_up = False

    @property
    def is_over(self) -> bool:
        """True once everything that was recorded before stop() is told."""
        return self.stopping.is_set() and self._changes.empty()

    @property
    def is_busy(self) -> bool:
        """True during a burst that has not been told yet."""
        return self._changes.qsize() >= MANY

    def record(self, utterance: Utterance, event: str, **values: Any) -> None:
        """Write `values` into the utterance's row, then tell of `event`. Return at once."""
        for name, value in values.items():
            setattr(utterance, name, value)
        # As it is now; put into words later, by who has the time.
        self._changes.put((event, SimpleNamespace(**vars(utterance)), values))

    def record_all(self, utterances: Iterable[Utterance], event: str) -> None:
        """Record the same event for each of these, in this order. Return at once."""
        for utterance in utterances:
            self.record(utterance, event)

    def wait_for_room(self) -> None:
        """Block a producer of thousands of changes until most of them are told."""
        while self._changes.qsize() > BACKLOG and self.is_alive and not self.stopping.is_set():
            beat()  # of the producer's thread
            self.stopping.wait(PATIENCE_SECONDS)

    def state_changed(self) -> None:
        """Tell of the service's new state. Return at once."""
        self._changes.put(("", None, {}))

    def wake(self) -> None:
        """Make the thread look at the queue."""
        self._changes.put(None)

    def work(self) -> None:
        """Write and tell the next changes."""
        changes = self._next_changes()
        if written := [change for change in changes if self._is_written(change)]:
            self._tell(written)

    def _next_changes(self) -> list[Change]:
        """Return the next changes, a few hundred at most; none where none came in time."""
        changes: list[Change] = []
        try:
            recorded = self._changes.get(timeout=TURN_SECONDS)
            self._be_patient()
            while True:
                if recorded is not None:
                    # Of states in a row the newest is enough; what happened to utterances is told
                    # all.
                    if changes and changes[-1].utterance is None:
                        changes.pop()
                    event, row, values = recorded
                    changes.append(Change(event, serialize(row) if row else None, values))
                if len(changes) == TOLD_AT_ONCE:
                    break
                recorded = self._changes.get_nowait()
        except queue.Empty:
            pass
        return changes

    def _be_patient(self) -> None:
        """Let a short burst be stored first and told afterwards.

        Speaking and storing need the processor more than the pages do.
        """
        deadline = time.monotonic() + BURST_SECONDS
        waiting = -MANY
        while (now := self._changes.qsize()) >= waiting + MANY and time.monotonic() < deadline:
            waiting = now
            self.stopping.wait(PATIENCE_SECONDS)

    def _is_written(self, change: Change) -> bool:
        try:
            self._write(change)
        except Exception:
            logger.exception("could not write down %s", change.event)
            return False
        return True

    def _write(self, change: Change) -> None:
        if change.utterance is None or not change.values:
            return
        while not self._has_given_up:
            tend_connections()
            beat()
            try:
                Utterance.objects.filter(pk=change.utterance["id"]).update(**change.values)
                self.error = ""
                return
            except (OperationalError, InterfaceError) as exc:
                # A locked or full database recovers or not; the history should not lose a line.
                self.error = reason_of(exc)
                # Each of the others would hold a stop up as long.
                self._has_given_up = self.stopping.is_set()
                logger.error("could not write to the history, trying again: %s", exc)
                self.stopping.wait(RETRY_SECONDS)
