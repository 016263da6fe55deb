"""The full-text index of the history, which the database itself keeps up to date.

It is no part of the models: Django copies a table of SQLite when it changes a column, and the
triggers are lost then. So it is looked for after each migration, and built where it is missing.
"""

from __future__ import annotations

import logging
from types import ModuleType

from django.db import connections, transaction

from ttsmonitor.history.index import postgresql, sqlite

logger = logging.getLogger(__name__)

_BACKENDS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}


def is_installed(alias: str) -> bool:
    """Return True if the database has the complete index, or can have none."""
    backend = _BACKENDS.get(connections[alias].vendor)
    with connections[alias].cursor() as cursor:
        return backend is None or backend.is_installed(cursor)


def install(alias: str) -> None:
    """Build the index from all utterances unless it is there."""
    if is_installed(alias):
        return
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        backend = _BACKENDS[connections[alias].vendor]
        backend.remove(cursor)
        backend.build(cursor)
    logger.info("full-text index of the history built")


def remove(alias: str) -> None:
    """Remove the index."""
    if (backend := _BACKENDS.get(connections[alias].vendor)) is not None:
        with connections[alias].cursor() as cursor:
            backend.remove(cursor)
