"""Health checks: what works, what does not and since when.

A thread of its own runs the probes, which may take long, so that a report never waits: not for a
page, not for a ping, and not for the control message behind it.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from ttsmirror.database import database_reason, tend_connections
from ttsmirror.heartbeat import beat
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason, as_json
from ttsmirror.service_thread import ServiceThread
from ttsmirror.wire.fields import format_time
from ttsmonitor.system.database_file import file_error

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""Between two runs of an ordinary probe."""
PROBE_SECONDS = 1.5
"""Between two runs of a frequent probe. With the time that an attempt may take (PATIENCE_SECONDS, a
connect timeout) it is less than 5 s."""
WRITE_SECONDS = 60.0
"""Between two writes where they succeed: a card of flash memory wears with each."""
PATIENCE_SECONDS = 3.0


@dataclass(frozen=True)
class HealthCheck:
    """Something that works or does not."""

    name: str
    error: Callable[[], str]
    """Returns at once why it does not work; empty where it does."""
    probe: Callable[[], None] | None = None
    """Finds that out. It may take long and runs on a thread for probes."""
    is_frequent: bool = False
    """The probe runs every PROBE_SECONDS instead of LOOK_SECONDS."""


@dataclass(frozen=True)
class Lamp:
    """How the monitor shows a check."""

    name: str
    """The check's."""
    icon: str
    """Name of a Bootstrap icon."""
    label: str
    """English, marked by gettext_noop."""
    shows: str = ""
    """Field of the service's status that is shown while the check succeeds, as in broker.address;
    empty: none."""

    def find(self, status: Mapping[str, Any]) -> Any:
        """Return the field that it shows; empty where it shows none."""
        value: Any = status if self.shows else ""
        for name in filter(None, self.shows.split(".")):
            value = value[name]
        return value


class Health(ServiceThread):
    """Reports on its checks and runs their probes.

    report() may be called by any thread, also before start() and after stop().
    """

    def __init__(
        self,
        name: str,
        checks: Sequence[HealthCheck],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare the thread `name` for the probes of `checks`.

        That thread calls `on_change` after another check fails, or works again.
        """
        super().__init__(name)
        self._checks = checks
        self._on_change = on_change
        self._failing: set[str] = set()
        self._since: dict[str, datetime] = {}
        self._lock = threading.Lock()
        self._next_look = 0.0

    def report(self) -> dict[str, Any]:
        """Return {"ok", "checks": {name: {"ok", "detail", "since", "reason"}}}.

        `detail` is English; `reason` is what pages translate.
        """
        errors = {check.name: check.error() for check in self._checks}
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

    def work(self) -> None:
        """Run the probes that are due."""
        is_time = time.monotonic() >= self._next_look
        for check in self._checks:
            if check.probe is not None and (check.is_frequent or is_time):
                beat()
                self._probe(check.name, check.probe)
        if is_time:
            self._next_look = time.monotonic() + LOOK_SECONDS
        report = self.report()  # so that `since` is known before anybody asks
        failing = {name for name, check in report["checks"].items() if not check["ok"]}
        if failing != self._failing:
            self._failing = failing
            self._on_change()
        self.stopping.wait(min(PROBE_SECONDS, LOOK_SECONDS))

    def _probe(self, name: str, probe: Callable[[], None]) -> None:
        try:
            probe()
        except (DatabaseError, InterfaceError) as exc:
            # The check of the database reports it.
            logger.debug("health check %s could not read the database: %s", name, exc)
        except Exception:
            logger.exception("health check %s failed", name)
        finally:
            tend_connections()


class DatabaseProbe:
    """A probe that begins a transaction each time, and writes in it now and then."""

    def __init__(self) -> None:
        """Begin without an error."""
        self._error = ""
        self._file_error = file_error()  # from now on the file has to stay
        self._begun: float | None = None
        self._next = 0.0

    @property
    def error(self) -> str:
        """Return at once why the database takes no writes; empty where it does."""
        begun = self._begun
        if self._file_error:
            return self._file_error
        if begun is not None and time.monotonic() - begun > PATIENCE_SECONDS:
            return Reason("the database cannot be written: another program may have locked it")
        return self._error

    def look(self) -> None:
        """Probe the database. This takes as long as the database takes."""
        self._begun = time.monotonic()
        is_write = bool(self._error) or self._begun >= self._next
        self._error = _find_error(is_write)
        self._begun = None
        self._file_error = file_error()
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
                # A session has no number of its own, which each probe would use up.
                now = timezone.now()
                Session.objects.create(session_key=secrets.token_hex(16), expire_date=now).delete()
            else:
                Utterance.objects.exists()
    except (DatabaseError, InterfaceError) as exc:
        return Reason("the database cannot be written: {cause}", cause=database_reason(exc))
    return ""
