"""Rows of the history by the words in them, in each database by the index that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.models import (
    BooleanField,
    DateTimeField,
    ExpressionWrapper,
    F,
    Func,
    TextField,
    Value,
)

from ttsmirror.models import Utterance, UtteranceQuerySet
from ttsmirror.wire.fields import UTC
from ttsmonitor.history import folding
from ttsmonitor.history.folding import is_beginning
from ttsmonitor.history.index import sqlite

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MANY = 0.02
"""A word in a larger share of the sentences is found soonest by reading the newest ones."""
MOST_WORDS, MOST_LETTERS = 50, 100
"""Of what is asked for; databases refuse words that are longer than a page."""
_LAST_PLACE = 2**63 - 1
_TAGS = {"source": "s", "device_id": "d", "status": "o"}


def vendor() -> str:
    """What kind of database has the history."""
    return connections[_alias()].vendor


def words(q: str) -> list[str]:
    """Those that are looked for: the first ones, of long ones the beginning."""
    found = folding.tokens(q) if vendor() == "sqlite" else folding.words(q)
    return [word[:MOST_LETTERS] for word in found[:MOST_WORDS]]


def _alias() -> str:
    return router.db_for_read(Utterance) or DEFAULT_DB_ALIAS


def in_sqlite(
    rows: UtteranceQuerySet,
    q: str,
    equal: Mapping[str, str],
    begins: datetime | None,
    ends: datetime | None,
) -> UtteranceQuerySet:
    """Those of `rows` with the words of `q` and these values in these columns, of that time.

    Newest first: the index hands out its rows in the order of the history, so a page of a million
    hits is read as quickly as one of a few.
    """
    asked = [f'"{word}"*' if is_beginning(word) else f'"{word}"' for word in words(q)]
    asked += [f'"{sqlite.tag(_TAGS[name], value)}"' for name, value in equal.items()]
    where = [f'{sqlite.WORDS}.rowid = "{sqlite.TABLE}".place', f"{sqlite.WORDS} MATCH %s"]
    values: list[object] = [" ".join(asked)]
    for limit, compared in ((begins, ">="), (ends, "<")):
        if limit is not None:
            where.append(f"{sqlite.WORDS}.rowid {compared} %s")
            values.append(_place(limit))
    found = rows.extra(  # noqa: S610  nothing of it comes from outside
        tables=[sqlite.WORDS], where=where, params=values, order_by=[f"-{sqlite.WORDS}.rowid"]
    )
    return cast(UtteranceQuerySet, found)


def with_words(
    rows: UtteranceQuerySet,
    q: str,
    equal: Mapping[str, str],
    begins: datetime | None,
    ends: datetime | None,
) -> UtteranceQuerySet:
    """Those of `rows` with the words of `q`; none where it has none, as where it is an emoji.

    As in in_sqlite() with these values in these columns, and of that time.
    """
    if not words(q):
        return rows.none()
    if vendor() == "sqlite":
        return in_sqlite(rows, q, equal, begins, ends)
    limits = {"received_at__gte": begins, "received_at__lt": ends}
    chosen = {name: limit for name, limit in limits.items() if limit is not None}
    return in_postgresql(rows.filter(**equal, **chosen), q)


def up_to(rows: UtteranceQuerySet, moment: datetime) -> UtteranceQuerySet:
    """Rows that the index of words hands out begin at this moment; any others are as they were."""
    if sqlite.WORDS not in rows.query.extra_tables:
        return rows
    after = _place(moment, later=1)
    bounded = rows.extra(where=[f"{sqlite.WORDS}.rowid < %s"], params=[after])  # noqa: S610
    return cast(UtteranceQuerySet, bounded)


def microseconds(moment: datetime) -> int:
    """Of a moment, since EPOCH."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _place(moment: datetime, *, later: int = 0) -> int:
    """The first place of a moment, or so many microseconds later, in the index of words."""
    place = (microseconds(moment) + later) * sqlite.PLACES
    # A moment in another century has none, and all that there are come before or after it.
    return max(-_LAST_PLACE, min(_LAST_PLACE, place))


def in_postgresql(rows: UtteranceQuerySet, q: str) -> UtteranceQuerySet:
    """Those of `rows` with the words of `q`."""
    asked = " & ".join(f"{word}:*" if is_beginning(word) else word for word in words(q))
    found = rows.filter(_Matches("text", Value(asked, TextField())))
    found = found.order_by("-received_at", "-pk")
    if all(share > MANY for share in _shares(words(q))):
        return found  # soon there are enough of them, newest first
    # In an order that no index has: or the planner would read on until it has found enough.
    no_index = ExpressionWrapper(F("received_at") + timedelta(0), DateTimeField())
    return found.order_by(no_index.desc(), "-pk")


def _shares(asked: list[str]) -> list[float]:
    """In what share of the sentences each word is, as PostgreSQL has noted for common ones."""
    with connections[_alias()].cursor() as cursor:
        cursor.execute(
            "SELECT unnest(most_common_elems::text::text[]), unnest(most_common_elem_freqs)"
            " FROM pg_stats WHERE tablename = 'utterance_words'"
        )
        noted = [(word, share) for word, share in cursor.fetchall() if word]
    return [
        sum(
            share
            for word, share in noted
            if word == each or (is_beginning(each) and word.startswith(each))
        )
        for each in asked
    ]


class _Matches(Func):
    """Does a text have these words?"""

    template = "moxie_words(%(expressions)s)"
    arg_joiner = ") @@ to_tsquery('pg_catalog.simple', "
    output_field = BooleanField()
