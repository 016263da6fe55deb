"""What works and what does not, by name, and since when.

What may take long is looked at by a thread of its own, so that asking never waits: not a page, not
a ping, and not the control message behind it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, transaction

from ttsmirror.database import tend_connections, with_connections
from ttsmirror.models import OutboxEntry
from ttsmirror.reasons import Reason, as_json, reason_of
from ttsmirror.wire.fields import format_time

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
PROBE_SECONDS = 1.5
"""With the time that an attempt may take (PATIENCE_SECONDS, a connect timeout): less than 5 s."""
WRITE_SECONDS = 60.0
"""Between two writes where they succeed: a card of flash memory wears with each."""
PATIENCE_SECONDS = 3.0
STOP_SECONDS = 2.0

Check = Callable[[], str]
"""Why it does not work; empty: it does. Answers at once."""


class Health:
    """start() and stop() once, each; report() from any thread, also before and after."""

    def __init__(
        self,
        name: str,
        checks: Mapping[str, Check],
        *,
        probes: Sequence[Callable[[], None]] = (),
        looks: Sequence[Callable[[], None]] = (),
    ) -> None:
        """Run `probes` every PROBE_SECONDS and `looks` every LOOK_SECONDS, on the thread `name`.

        Both may take long.
        """
        self._checks = checks
        self._probes = probes
        self._looks = looks
        self._since: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=with_connections(self._run), name=name)
        self._thread.daemon = True  # a locked database keeps it for longer than a stop waits

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def report(self) -> dict[str, Any]:
        """Return {"ok", "checks": {name: {"ok", "detail", "since", "reason"}}}.

        `detail` is English; `reason` is what pages translate.
        """
        errors = {name: check() for name, check in self._checks.items()}
        with self._lock:
            checks = {name: self._describe(name, error) for name, error in errors.items()}
        return {"ok": not any(errors.values()), "checks": checks}

    def _describe(self, name: str, error: str) -> dict[str, Any]:
        if not error:
            self._since.pop(name, None)
            return {"ok": True, "detail": "ok", "since": None, "reason": None}
        since = self._since.setdefault(name, datetime.now(UTC))
        return {
            "ok": False,
            "detail": error,
            "since": format_time(since),
            "reason": as_json(error),
        }

    def _run(self) -> None:
        next_look = 0.0
        while True:
            is_time = time.monotonic() >= next_look
            for look in (*self._probes, *(self._looks if is_time else ())):
                try:
                    look()
                except (DatabaseError, InterfaceError) as exc:
                    logger.debug("the database cannot be read: %s", exc)  # its own check says so
                except Exception:
                    logger.exception("could not look after the health")
                finally:
                    tend_connections()
            if is_time:
                next_look = time.monotonic() + LOOK_SECONDS
            self.report()  # so that `since` is known before anybody asks
            if self._stopping.wait(min(PROBE_SECONDS, LOOK_SECONDS)):
                return


class DatabaseProbe:
    """Begins a transaction at each look, and writes in it now and then.

    `error` says without waiting how that went.
    """

    def __init__(self) -> None:
        self._error = ""
        self._begun: float | None = None
        self._next = 0.0

    @property
    def error(self) -> str:
        begun = self._begun
        if begun is not None and time.monotonic() - begun > PATIENCE_SECONDS:
            return Reason("the database takes no writes: another program may have locked it")
        return self._error

    def look(self) -> None:
        """Look at the database. Takes as long as the database takes."""
        self._begun = time.monotonic()
        is_write = bool(self._error) or self._begun >= self._next
        self._error = _find_error(is_write)
        self._begun = None
        if is_write:
            self._next = time.monotonic() + WRITE_SECONDS


def _find_error(is_write: bool) -> str:
    """Return why the database does not work; empty where it does."""
    tend_connections()
    try:
        # A transaction alone takes SQLite's lock for writing, and costs no write.
        with transaction.atomic():
            if is_write:
                # Something, and not its removal alone: else it would need no room on the disk.
                OutboxEntry.objects.create(payload={}).delete()
            else:
                OutboxEntry.objects.exists()
    except (DatabaseError, InterfaceError) as exc:
        return Reason("the database cannot be written: {cause}", cause=reason_of(exc))
    return ""
