"""The checks of what is stored: the history's database, the outbox, and the history itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from ttsmirror.database import database_reason
from ttsmirror.local_database import ALIAS
from ttsmirror.models import OutboxEntry, Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.backup.nightly import backups, last_failure
from ttsmonitor.conf import conf
from ttsmonitor.doctor.base import Finding, Level, fault, ok, skipped, warning
from ttsmonitor.doctor.relay import remedy
from ttsmonitor.doctor.situation import Situation
from ttsmonitor.system.commands import manage_command, shell_path

BUSY_SECONDS = 2.0
"""A running service holds the lock for less."""
CHECKED_BYTES = 50_000_000
"""Size up to which a whole SQLite file is read: a larger one takes too long."""
OLD_MINUTES = 2
"""Age in minutes from which a sentence in the outbox is late."""
BACKUP_DAYS = 2
"""Age in days from which the newest nightly backup is too old."""
TWICE_SECONDS = 3.0
TWICE_CHARACTERS = 12
"""Shorter sentences, such as "Yes.", are said twice on purpose."""
TWICE_COUNT = 3
NEWEST = 500


def look_at_database(situation: Situation) -> Iterator[Finding]:
    """Check that the history's database is whole, up to date, and takes writes."""
    yield from _look_at(DEFAULT_DB_ALIAS)


def look_at_outbox(situation: Situation) -> Iterator[Finding]:
    """Check that the outbox can be written, and that nothing waits in it for long."""
    if ALIAS in connections:
        broken = [each for each in _look_at(ALIAS) if each.level]
        if broken:
            yield from broken
            return
    limit = timezone.now() - timedelta(minutes=OLD_MINUTES)
    try:
        with _closed(ALIAS if ALIAS in connections else DEFAULT_DB_ALIAS):
            count = OutboxEntry.objects.count()
            late = OutboxEntry.objects.filter(created_at__lt=limit).count()
    except DatabaseError as exc:
        yield fault(Reason("the outbox cannot be read: {cause}", cause=database_reason(exc)))
        return
    if late:
        yield warning(
            Reason(
                "sentences that have waited for minutes for a speech service: {count}",
                count=late,
            )
        )
    else:
        yield ok(Reason("unconfirmed sentences: {count}", count=count))


def look_at_backup(situation: Situation) -> Iterator[Finding]:
    """Check that the newest nightly backup is recent."""
    made = backups()
    if not conf.MOXIE_BACKUPS:
        yield skipped(Reason("nightly backups are turned off (MOXIE_BACKUPS)"))
    elif failure := last_failure():
        yield warning(Reason("the nightly backup failed: {cause}", cause=failure))
    elif not made:
        yield skipped(Reason("there is no nightly backup yet"))
    else:
        date = timezone.localtime(made[-1].made_at).date()
        reason = Reason("the newest backup is of {date}", date=date.isoformat())
        is_old = timezone.localdate() - date > timedelta(days=BACKUP_DAYS)
        yield warning(reason, manage_command("backup moxie.zip")) if is_old else ok(reason)


def look_at_history(situation: Situation) -> Iterator[Finding]:
    """Look for sentences that came twice: they have two senders."""
    since = timezone.now() - timedelta(days=1)
    rows = Utterance.objects.filter(received_at__gt=since).order_by("-received_at")
    try:
        with _closed(DEFAULT_DB_ALIAS):
            found = list(rows.values_list("text", "received_at", "source")[:NEWEST])
    except DatabaseError as exc:
        yield skipped(database_reason(exc))
        return
    times: dict[str, list[Any]] = {}
    for text, received, source in found:
        if len(text) >= TWICE_CHARACTERS:
            times.setdefault(text, []).append((received, source))
    twice = [
        (first, second)
        for arrivals in times.values()
        for (second, first) in pairwise(arrivals)
        if (second[0] - first[0]).total_seconds() < TWICE_SECONDS
    ]
    if len(twice) < TWICE_COUNT:
        yield ok(Reason("no sentence came twice within a day"))
        return
    sources = sorted({source for pair in twice for _received, source in pair})
    yield warning(
        Reason(
            "{count} sentences came twice within seconds, each with an id of its own: they have two"
            " senders, such as a bridge or a second OpenMoxie (source: {sources})",
            count=len(twice),
            sources=", ".join(sources),
        )
    )


def look_at_outcomes(situation: Situation) -> Iterator[Finding]:
    """Report the sentences of a day that were not spoken, with the newest one's reason."""
    since = timezone.now() - timedelta(days=1)
    states = (Utterance.Status.FAILED, Utterance.Status.EXPIRED)
    rows = Utterance.objects.filter(received_at__gt=since, status__in=states)
    try:
        with _closed(DEFAULT_DB_ALIAS):
            count, newest = rows.count(), rows.recent().first()
    except DatabaseError as exc:
        yield skipped(database_reason(exc))
        return
    if newest is None:
        yield ok(Reason("no sentence failed or expired within a day"))
        return
    reason = Reason(
        "sentences that failed or expired within a day: {count}, the last one because: {cause}",
        count=count,
        cause=newest.failure or newest.status,
    )
    yield Finding(Level.WARNING, reason, remedy(reason), is_quoted=True)


def is_missing(alias: str) -> bool:
    """Return True if the file of an SQLite database is not there: a query would make it."""
    path = _sqlite_file(alias)
    return path is not None and not path.is_file()


def _sqlite_file(alias: str) -> Path | None:
    connection = connections[alias]
    if connection.vendor != "sqlite" or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return None
    return Path(connection.settings_dict["NAME"])


def _look_at(alias: str) -> Iterator[Finding]:
    connection = connections[alias]
    prepare = manage_command("prepare")
    if (path := _sqlite_file(alias)) is not None:
        if not path.is_file():
            yield fault(Reason("{path} does not exist yet", path=shell_path(path)), prepare)
            return
        if (damage := _sqlite_damage(path)) is not None:
            yield damage
            return
    try:
        with _closed(alias):
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            missing = [each for each, _backwards in plan if _is_for(alias, each.app_label)]
    except (DatabaseError, OSError) as exc:
        reason = Reason("the database does not work: {cause}", cause=database_reason(exc))
        yield fault(reason)
        return
    if missing:
        yield fault(
            Reason(
                "the database is not up to date: missing migrations: {count}", count=len(missing)
            ),
            prepare,
        )
    else:
        yield ok(Reason("up to date, and takes writes"))


def _is_for(alias: str, app: str) -> bool:
    """Return True if a migration of `app` changes tables of this database."""
    return alias == DEFAULT_DB_ALIAS or app == "ttsmirror"


def _sqlite_damage(path: Path) -> Finding | None:
    """Return what is wrong with an SQLite file, without Django's long patience; None if nothing."""
    shown = shell_path(path)
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE").close()
            file.execute("ROLLBACK").close()
            if path.stat().st_size <= CHECKED_BYTES:
                (result,) = file.execute("PRAGMA quick_check(1)").fetchone()
                if result != "ok":
                    raise sqlite3.DatabaseError(result)
    except sqlite3.OperationalError as exc:
        if "locked" in str(exc):
            return fault(
                Reason(
                    "{path} is locked by another program, such as a backup or a database browser",
                    path=shown,
                ),
                f"fuser -v {shown}",
            )
        return fault(Reason("{path} cannot be written: {cause}", path=shown, cause=str(exc)))
    except sqlite3.DatabaseError as exc:
        return fault(
            Reason(
                "{path} is damaged ({cause}): stop everything and put a backup in its place",
                path=shown,
                cause=str(exc),
            )
        )
    return None


@contextmanager
def _closed(alias: str) -> Iterator[None]:
    """Drop the connection after a failure, so that the next query begins anew."""
    try:
        yield
    except Exception:
        if not connections[alias].in_atomic_block:
            connections[alias].close()
        raise
