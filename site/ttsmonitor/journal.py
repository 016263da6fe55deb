"""Writes down what becomes of utterances and tells everybody, on a thread of its own.

The speaker must not wait for a disk or a network while it plays. So it says what happened, and
this thread puts it into the database, on moxie/tts/status and on the pages, in the same order.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError

from ttsmonitor.database import tend_connections, with_connections
from ttsmonitor.events import describe
from ttsmonitor.models import Utterance

logger = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
PATIENCE_SECONDS = 0.04


@dataclass(frozen=True)
class Change:
    """What happened: to an utterance (as it was then), or to the service's state alone."""

    event: str = ""
    utterance: dict[str, Any] | None = None
    values: dict[str, Any] = field(default_factory=dict)
    """Columns to set."""


class Journal:
    """start(), record() from any thread, stop()."""

    def __init__(self, tell: Callable[[Change], None]) -> None:
        self.error = ""
        """Why the history takes nothing; empty when it does."""
        self._tell = tell
        self._changes: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._has_given_up = False
        self._thread = threading.Thread(
            target=with_connections(self._run), name="ttsmonitor.journal"
        )

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def record(self, utterance: Utterance, event: str, **values: Any) -> None:
        """Write `values` into the utterance's row, then tell of `event`. Returns at once."""
        for name, value in values.items():
            setattr(utterance, name, value)
        self._changes.put(Change(event, describe(utterance), values))

    def state_changed(self) -> None:
        """Tell of the service's new state. Returns at once."""
        self._changes.put(Change())

    def stop(self, timeout_seconds: float = 5.0) -> None:
        """Write what is recorded so far, then end."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._changes.put(None)
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while (change := self._changes.get()) is not None:
            # Whoever speaks now needs the processor more: history and pages can wait a moment.
            self._stopping.wait(PATIENCE_SECONDS)
            while not self._changes.empty():
                following = self._changes.get()
                # Of states in a row the newest is enough; what happened to utterances is told all.
                if change.utterance is not None or following is None:
                    self._deal_with(change)
                if following is None:
                    return
                change = following
            self._deal_with(change)

    def _deal_with(self, change: Change) -> None:
        try:
            self._write(change)
            self._tell(change)
        except Exception:
            logger.exception("could not tell of %s", change.event or "the new state")
        finally:
            tend_connections()

    def _write(self, change: Change) -> None:
        if change.utterance is None or not change.values:
            return
        while not self._has_given_up:
            tend_connections()
            try:
                Utterance.objects.filter(pk=change.utterance["id"]).update(**change.values)
                self.error = ""
                return
            except (OperationalError, InterfaceError) as exc:
                # A locked or full database recovers or not; the history should not lose a line.
                self.error = str(exc)
                # Each of the others would hold a stop up as long.
                self._has_given_up = self._stopping.is_set()
                logger.error("could not write to the history, trying again: %s", exc)
                self._stopping.wait(RETRY_SECONDS)
