"""Record events of utterances and report them to broker and pages, on a separate thread.

The speaker must not wait for a disk or a network while it plays. It queues each event, and this
thread writes it to the database, to moxie/tts/status and to the pages, in the same order.
"""

from __future__ import annotations

import copy
import logging
import queue
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import Error, InterfaceError, OperationalError

from ttsmirror.database import database_reason, tend_connections
from ttsmirror.heartbeat import beat
from ttsmirror.models import Utterance
from ttsmirror.service_thread import RETRY_SECONDS, TURN_SECONDS, ServiceThread
from ttsmonitor.history.serializers import serialize

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.04
BURST_SECONDS = 2.0
MANY = 50
"""Number of changes within PATIENCE_SECONDS that make a burst."""
TOLD_AT_ONCE = 500
BACKLOG = 10_000


@dataclass(frozen=True)
class Change:
    """An event with the utterance as it was then, or only a change of the service's state."""

    event: str = ""
    utterance: dict[str, Any] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """New values of its columns."""


_Recorded = tuple[str, Utterance | None, dict[str, Any]]


class Recorder(ServiceThread):
    """An ordered queue of changes, written and reported by one thread."""

    def __init__(self, publish: Callable[[list[Change]], None]) -> None:
        """Call `publish` with changes once they are written."""
        super().__init__("ttsmonitor.recorder")
        self.error = ""
        """Why the history cannot be written; empty if it can."""
        self._publish = publish
        self._changes: queue.SimpleQueue[_Recorded | None] = queue.SimpleQueue()
        self._has_given_up = False

    @property
    def is_over(self) -> bool:
        """True once everything that was recorded before stop() is told."""
        return self.stopping.is_set() and self._changes.empty()

    @property
    def is_busy(self) -> bool:
        """True during a burst that has not been reported yet."""
        return self._changes.qsize() >= MANY

    def record(self, utterance: Utterance, event: str, **values: Any) -> None:
        """Write `values` into the utterance's row, then report `event`. Return at once."""
        for name, value in values.items():
            setattr(utterance, name, value)
        self._put(utterance, event, values)

    def tell(self, utterance: Utterance, event: str) -> None:
        """Tell of `event`; the row is written already. Return at once."""
        self._put(utterance, event, {})

    def tell_all(self, utterances: Iterable[Utterance], event: str) -> None:
        """Tell of the same event for each of these, in this order. Return at once."""
        for utterance in utterances:
            self.tell(utterance, event)

    def wait_for_room(self) -> None:
        """Block a producer of thousands of changes until most of them are reported."""
        while self._changes.qsize() > BACKLOG and self.is_alive and not self.stopping.is_set():
            beat()  # of the producer's thread
            self.stopping.wait(PATIENCE_SECONDS)

    def state_changed(self) -> None:
        """Report the service's new state. Return at once."""
        self._changes.put(("", None, {}))

    def wake(self) -> None:
        """Make the thread look at the queue."""
        self._changes.put(None)

    def work(self) -> None:
        """Write and report the next changes."""
        changes = self._next_changes()
        if written := [change for change in changes if self._is_written(change)]:
            self._publish(written)

    def _put(self, utterance: Utterance, event: str, values: dict[str, Any]) -> None:
        # As it is now; put into words later, by who has the time.
        self._changes.put((event, copy.copy(utterance), values))

    def _next_changes(self) -> list[Change]:
        """Return the next changes, a few hundred at most; none where none came in time."""
        changes: list[Change] = []
        try:
            recorded = self._changes.get(timeout=TURN_SECONDS)
            self._wait_for_end_of_burst()
            while True:
                if recorded is not None:
                    # Of consecutive states report only the newest; report every event of an
                    # utterance.
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

    def _wait_for_end_of_burst(self) -> None:
        """Wait while MANY changes come in at a time, for at most BURST_SECONDS.

        A burst is stored first and told afterwards: speaking and storing need the processor more
        than the pages do.
        """
        deadline = time.monotonic() + BURST_SECONDS
        seen, waiting = 0, self._changes.qsize()
        while waiting - seen >= MANY and time.monotonic() < deadline:
            self.stopping.wait(PATIENCE_SECONDS)
            seen, waiting = waiting, self._changes.qsize()

    def _is_written(self, change: Change) -> bool:
        try:
            self._write(change)
        except (Error, FieldDoesNotExist, ValueError):  # the others are still to be written
            logger.exception("writing the event %s to the history failed", change.event)
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
                # A locked or full database may recover, and the history should lose no row.
                self.error = database_reason(exc)
                # At a stop, do not retry again for each of the remaining changes.
                self._has_given_up = self.stopping.is_set()
                logger.error("the history cannot be written, trying again: %s", exc)
                self.stopping.wait(RETRY_SECONDS)
