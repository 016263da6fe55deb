"""Database connections of threads that live as long as the service."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connections

from ttsmirror.host import is_plugged_in
from ttsmirror.reasons import Reason, reason_of

AWAY = (OperationalError, InterfaceError)
"""Raised while the database cannot be reached or takes no writes."""


_OUTDATED = re.compile(r"no such (?:table|column)|(?:relation|column) .+ does not exist")


def database_reason(exc: Exception) -> Reason:
    """Return the reason of a database error, with the command that helps if one does."""
    if not _OUTDATED.search(str(exc)):
        return reason_of(exc)
    command = "migrate" if is_plugged_in() else "prepare"
    first_line = str(exc).partition("\n")[0]
    return Reason(
        "{cause}: the database is not up to date, run the command {command}",
        cause=first_line,
        command=command,
    )


def tend_connections() -> None:
    """Drop broken connections of this thread; call it around each unit of work.

    Django's close_old_connections() closes a connection whenever CONN_MAX_AGE is over, which by
    default is at once. Opening SQLite again with its pragmas cost some 4 ms before every utterance,
    so a thread keeps its connection until an error has broken it.
    """
    for connection in connections.all(initialized_only=True):
        connection.close_at = None
        connection.close_if_unusable_or_obsolete()


def with_connections(run: Callable[[], None]) -> Callable[[], None]:
    """Wrap the target of a thread so that its connections are closed when it ends."""

    def and_close() -> None:
        try:
            run()
        finally:
            connections.close_all()

    return and_close
