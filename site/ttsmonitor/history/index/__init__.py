"""What the database itself keeps up to date with every utterance, whoever writes it: the index of
words that a search asks, and the totals.

By triggers, so in one transaction with the utterance. They are no part of the models: Django makes
a table of SQLite anew when it changes a column, and they are lost then. So they are looked for
after each migrate; where they are missing, they are made, and what they keep is made anew.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from types import ModuleType
from typing import Any

from django.db import connections, transaction

from ttsmonitor.history.index import postgresql, sqlite

logger = logging.getLogger(__name__)

BATCH = 10_000
_KEEPERS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}


def keeper(alias: str) -> ModuleType | None:
    """What knows the SQL of this database; None: it is of another kind, and keeps nothing."""
    return _KEEPERS.get(connections[alias].vendor)


def install(alias: str) -> None:
    """See to it that all is there, and that it holds what the history has."""
    sql = keeper(alias)
    if sql is None:
        return
    with connections[alias].cursor() as cursor:
        if sql.is_installed(cursor):
            return
    rebuild(alias, sql)


def rebuild(alias: str, sql: ModuleType) -> None:
    """Make all of it anew: a batch at a time, so that nobody waits for the whole of it."""
    for begins, ends in _batches(alias):
        with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
            if begins is None or ends is None:
                sql.lock(cursor)
            if sql.is_installed(cursor):  # another process was quicker
                return
            if begins is None:
                sql.begin(cursor)
            sql.fill(cursor, begins, ends)
            if ends is None:
                # At once: what others change is counted before this, or by the triggers.
                sql.count(cursor)
                sql.finish(cursor)
            is_all = begins is None and ends is None
    if not is_all:
        logger.info("the history's words and totals are indexed")


def _batches(alias: str) -> Iterator[tuple[Any, Any]]:
    """Spans of received_at: from (None: the first one) and before (None: no end)."""
    begins: datetime | None = None
    while True:
        with connections[alias].cursor() as cursor:
            after, values = ("WHERE received_at >= %s", [begins]) if begins else ("", [])
            cursor.execute(
                f"SELECT received_at FROM ttsmonitor_utterance {after}"  # noqa: S608
                " ORDER BY received_at LIMIT 1 OFFSET %s",
                [*values, BATCH],
            )
            row = cursor.fetchone()
        ends = row[0] if row and row[0] != begins else None
        yield begins, ends
        if ends is None:
            return
        begins = ends
