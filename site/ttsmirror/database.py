"""Database connections of threads that live as long as the service."""

from __future__ import annotations

from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connections

AWAY = (OperationalError, InterfaceError)
"""Raised while the database cannot be reached or takes no writes."""


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
