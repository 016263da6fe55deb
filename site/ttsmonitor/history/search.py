"""Search in the history by words and columns, each database through its own index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, connections, router

from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmonitor.history.index import postgresql, sqlite

MAX_WORDS = 50
MAX_WORD_LENGTH = 100
"""Databases refuse words that are longer than a page."""


def find(
    rows: UtteranceQuerySet,
    q: str,
    equal: Mapping[str, str],
    since: datetime | None = None,
    until: datetime | None = None,
) -> UtteranceQuerySet:
    """Return those of `rows` with all words of `q` and these values by column, newest first.

    They were received from `since` on and before `until`. A `q` without a word, such as an emoji,
    finds nothing.
    """
    words = _words(q)
    if q and not words:
        return rows.none()
    # In SQLite an index of one column would go through all rows of a robot to find none of a
    # source; the index of words has the columns too.
    if vendor() == "sqlite" and (words or len(equal) > 1):
        return sqlite.find(rows, words, equal, since, until)
    rows = rows.filter(**equal).order_by("-received_at", "-pk")
    if since is not None:
        rows = rows.filter(received_at__gte=since)
    if until is not None:
        rows = rows.filter(received_at__lt=until)
    return postgresql.matching(rows, words) if words else rows


def vendor() -> str:
    """Return the kind of the history's database."""
    return connections[router.db_for_read(Utterance) or DEFAULT_DB_ALIAS].vendor


def _words(q: str) -> list[str]:
    split = sqlite.tokens if vendor() == "sqlite" else postgresql.tokens
    return [word[:MAX_WORD_LENGTH] for word in split(q)[:MAX_WORDS]]
