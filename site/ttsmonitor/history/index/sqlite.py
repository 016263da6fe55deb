"""The full-text index in SQLite: an FTS5 table that three triggers fill.

It keeps no texts. Besides the words it has a term for the value of each filtered column. Its
rowids are in the order of the history, so that a page of a million hits is read as quickly as one
of a few.
"""

from __future__ import annotations

import functools
import sqlite3
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, cast

from ttsmirror.models import UtteranceQuerySet
from ttsmirror.wire.fields import UTC

TABLE = "ttsmonitor_utterance"
INDEX = "utterance_words"
MIN_PREFIX_LETTERS = 3
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TOKENIZER = "unicode61 remove_diacritics 2"
_TERMS = {"source": "zqs", "device_id": "zqd", "status": "zqo"}
"""By column the beginning of its terms; the value follows in hexadecimal."""
_PER_MICROSECOND = 256
"""Rowids in a microsecond. With more of them the time in some decades does not fit in 64 bits."""
_MAX_ROWID = 2**63 - 1

_DIGITS = "'0123456789abcdef'"
_MICROSECONDS = (
    "strftime('%s', received_at) * 1000000"
    " + cast(substr(received_at || '.000000', 21, 6) AS integer)"
)
# The rowid: the microsecond, then the first two digits of the key. The table's own rowids would
# change with a VACUUM.
_PLACE = f"""({_MICROSECONDS}) * {_PER_MICROSECOND} + (instr({_DIGITS}, substr(id, 1, 1)) - 1) * 16
    + instr({_DIGITS}, substr(id, 2, 1)) - 1"""


def _document(row: str) -> str:
    """Return the SQL of what is indexed of a row, whose columns have the prefix `row`."""
    terms = (f"' {term}' || lower(hex({row}{column}))" for column, term in _TERMS.items())
    return " || ".join([f"{row}text || ' ' || {row}translation", *terms])


_INSERT = f"INSERT INTO {INDEX} (rowid, words) VALUES (new.place, {_document('new.')});"  # noqa: S608
_DELETE = (
    f"INSERT INTO {INDEX} ({INDEX}, rowid, words)"  # noqa: S608
    f" VALUES ('delete', old.place, {_document('old.')});"
)
_INDEXED = ("status", "text", "translation", "source", "device_id", "received_at")
_CHANGED = " OR ".join(f"old.{column} IS NOT new.{column}" for column in _INDEXED)
_TRIGGERS = {
    "utterance_words_insert": f"AFTER INSERT ON {TABLE} BEGIN {_INSERT} END",
    "utterance_words_delete": f"AFTER DELETE ON {TABLE} BEGIN {_DELETE} END",
    "utterance_words_change": f"""AFTER UPDATE OF {", ".join(_INDEXED)} ON {TABLE}
        WHEN {_CHANGED} BEGIN {_DELETE} {_INSERT} END""",
}


def is_installed(cursor: Any) -> bool:
    """Return True if the present form of all triggers and of the column `place` is there."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    triggers = dict(cursor.fetchall())
    is_present = all(triggers.get(name) == _trigger(name) for name in _TRIGGERS)
    return is_present and _has_place(cursor)


def remove(cursor: Any) -> None:
    """Drop the triggers and the index."""
    for name in _TRIGGERS:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
    cursor.execute(f"DROP TABLE IF EXISTS {INDEX}")


def build(cursor: Any) -> None:
    """Create the index of all rows, and the triggers."""
    cursor.execute(
        f"CREATE VIRTUAL TABLE {INDEX} USING fts5 (words, content='', columnsize=0, detail=none,"
        f" prefix='3 4 5 6', tokenize='{_TOKENIZER}')"
    )
    _add_place(cursor)
    cursor.execute(
        f"INSERT INTO {INDEX} (rowid, words) SELECT place, {_document('')} FROM {TABLE}"  # noqa: S608
        " ORDER BY place"
    )
    for name in _TRIGGERS:
        cursor.execute(_trigger(name))


def _trigger(name: str) -> str:
    return f"CREATE TRIGGER {name} {_TRIGGERS[name]}"


def _has_place(cursor: Any) -> bool:
    cursor.execute("SELECT instr(sql, %s) FROM sqlite_master WHERE name = %s", [_PLACE, TABLE])
    return bool(cursor.fetchone()[0])


def _add_place(cursor: Any) -> None:
    """Add the column `place`, in place of one of another version, and its index."""
    if not _has_place(cursor):
        cursor.execute(f"SELECT 1 FROM pragma_table_xinfo('{TABLE}') WHERE name = 'place'")  # noqa: S608
        if cursor.fetchone() is not None:
            cursor.execute("DROP INDEX IF EXISTS utterance_place")
            cursor.execute(f"ALTER TABLE {TABLE} DROP COLUMN place")
        cursor.execute(f"ALTER TABLE {TABLE} ADD COLUMN place integer AS ({_PLACE}) VIRTUAL")
    cursor.execute(f"CREATE INDEX IF NOT EXISTS utterance_place ON {TABLE} (place)")
    # Tell the planner that a place has one row: it would read all rows of a status for each hit.
    cursor.execute("ANALYZE sqlite_master")  # makes the table of statistics
    cursor.execute("DELETE FROM sqlite_stat1 WHERE idx = 'utterance_place'")
    statistics = (TABLE, "utterance_place", "1000000 1")
    cursor.execute("INSERT INTO sqlite_stat1 VALUES (%s, %s, %s)", statistics)
    cursor.execute("ANALYZE sqlite_master")  # this connection reads it again


def is_prefix(word: str) -> bool:
    """Return True if `word` also finds longer words; two letters would find every third text."""
    return len(word) >= MIN_PREFIX_LETTERS


@functools.lru_cache(maxsize=100)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of `text` as FTS5 splits them: not every letter of Python is one there.

    It takes newer emoji for letters, so only what Python takes for a letter is left.
    """
    letters = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in text)
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(f"CREATE VIRTUAL TABLE said USING fts5 (words, tokenize='{_TOKENIZER}')")
        memory.execute("CREATE VIRTUAL TABLE token USING fts5vocab (said, instance)")
        memory.execute("INSERT INTO said VALUES (?)", [letters])
        return tuple(term for (term,) in memory.execute("SELECT term FROM token ORDER BY offset"))


def find(
    rows: UtteranceQuerySet,
    words: Sequence[str],
    equal: Mapping[str, str],
    since: datetime | None,
    until: datetime | None,
) -> UtteranceQuerySet:
    """Return those of `rows` with all these words and values by column, newest first.

    They were received from `since` on and before `until`.
    """
    terms = [f'"{word}"*' if is_prefix(word) else f'"{word}"' for word in words]
    terms += [f'"{_TERMS[column]}{value.encode().hex()}"' for column, value in equal.items()]
    found = rows.extra(  # noqa: S610  nothing of it comes from outside
        tables=[INDEX],
        where=[f'{INDEX}.rowid = "{TABLE}".place', f"{INDEX} MATCH %s"],
        params=[" ".join(terms)],
        order_by=[f"-{INDEX}.rowid"],
    )
    rows = cast(UtteranceQuerySet, found)
    if since is not None:
        rows = _bounded(rows, ">=", _place(since))
    return rows if until is None else _bounded(rows, "<", _place(until))


def up_to(rows: UtteranceQuerySet, moment: datetime) -> UtteranceQuerySet:
    """Have the index begin at `moment` if it delivers `rows`; others are returned unchanged."""
    if INDEX not in rows.query.extra_tables:
        return rows
    return _bounded(rows, "<", _place(moment) + _PER_MICROSECOND)


def oldest_first(rows: UtteranceQuerySet) -> UtteranceQuerySet:
    """Return rows in the order of the index if it delivers them, else by their time."""
    if INDEX not in rows.query.extra_tables:
        return rows.order_by("received_at", "pk")
    return cast(UtteranceQuerySet, rows.extra(order_by=[f"{INDEX}.rowid"]))


def from_moment(rows: UtteranceQuerySet, moment: datetime) -> UtteranceQuerySet:
    """Have the index begin at `moment`, upwards; see up_to()."""
    if INDEX not in rows.query.extra_tables:
        return rows
    return _bounded(rows, ">=", _place(moment))


def microseconds(moment: datetime) -> int:
    """Return the microseconds since EPOCH."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def _place(moment: datetime) -> int:
    """Return the lowest rowid of a moment."""
    return microseconds(moment) * _PER_MICROSECOND


def _bounded(rows: UtteranceQuerySet, comparison: str, place: int) -> UtteranceQuerySet:
    # A time in another century does not fit in; all rows are on one side of it.
    limit = max(-_MAX_ROWID, min(_MAX_ROWID, place))
    bounded = rows.extra(where=[f"{INDEX}.rowid {comparison} %s"], params=[limit])  # noqa: S610
    return cast(UtteranceQuerySet, bounded)
