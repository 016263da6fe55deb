"""The index of words (FTS5) and the totals in SQLite."""

from __future__ import annotations

from typing import Any

from ttsmonitor.history.folding import TOKENIZER

TABLE = "ttsmonitor_utterance"
WORDS = "utterance_words"
_LAST = "utterance_counted_change"
"""Made last: where it is, all is there."""

_DIGITS = "'0123456789abcdef'"
_MICROSECONDS = (
    "strftime('%s', received_at) * 1000000"
    " + cast(substr(received_at || '.000000', 21, 6) AS integer)"
)
PLACES = 256
"""In a microsecond. With more of them a clock that is some decades ahead has no 64 bits for it."""
_PLACE = f"""({_MICROSECONDS}) * {PLACES} + (instr({_DIGITS}, substr(id, 1, 1)) - 1) * 16
    + instr({_DIGITS}, substr(id, 2, 1)) - 1"""
"""Where a row stands in the order of the history: its microsecond, then the first two digits of
its key. The rowid of the index of words, because the table's own ones change with a VACUUM."""

_KEYS = "device_id, source, status"
_SUMS = "count, characters, audio_seconds"
_ADD = """DO UPDATE SET count = count + excluded.count,
    characters = characters + excluded.characters,
    audio_seconds = audio_seconds + excluded.audio_seconds"""
_IS_FINISHED = "{row}.status NOT IN ('receiving', 'queued', 'playing')"
_HOUR = "substr({row}received_at, 1, 13) || ':00:00'"
_CHANGED = " OR ".join(
    f"old.{name} IS NOT new.{name}"
    for name in ("status", "text", "source", "device_id", "received_at", "audio_seconds")
)


def tag(kind: str, value: str) -> str:
    """The word that stands for a value of a column in the index of words."""
    return f"zq{kind}{value.encode().hex()}"


def _indexed(row: str = "") -> str:
    tags = " || ".join(
        f"' zq{name[0]}' || lower(hex({row}{name}))" for name in ("source", "device_id")
    )
    return f"{row}text || {tags} || ' zqo' || lower(hex({row}status))"


def _plus(row: str) -> str:
    values = f"{row}.device_id, {row}.source, {row}.status,"
    sums = f"1, length({row}.text), coalesce({row}.audio_seconds, 0)"
    return f"""
    INSERT INTO ttsmonitor_hourtotal (hour, {_KEYS}, {_SUMS})
    VALUES ({_HOUR.format(row=row + ".")}, {values} {sums}) ON CONFLICT (hour, {_KEYS}) {_ADD};
    INSERT INTO ttsmonitor_total ({_KEYS}, {_SUMS})
    VALUES ({values} {sums}) ON CONFLICT ({_KEYS}) {_ADD};"""  # noqa: S608


def _minus(row: str) -> str:
    fewer = f"""SET count = count - 1, characters = characters - length({row}.text),
        audio_seconds = audio_seconds - coalesce({row}.audio_seconds, 0)
        WHERE device_id = {row}.device_id AND source = {row}.source AND status = {row}.status"""
    return f"""
    UPDATE ttsmonitor_hourtotal {fewer} AND hour = {_HOUR.format(row=row + ".")};
    UPDATE ttsmonitor_total {fewer};"""


def _learn(row: str) -> str:
    return f"INSERT INTO {WORDS} (rowid, words) VALUES ({row}.place, {_indexed(row + '.')});"  # noqa: S608


def _forget(row: str) -> str:
    return f"""INSERT INTO {WORDS} ({WORDS}, rowid, words)
    VALUES ('delete', {row}.place, {_indexed(row + ".")});"""  # noqa: S608


_TRIGGERS = {
    "utterance_words_insert": f"AFTER INSERT ON {TABLE} BEGIN {_learn('new')} END",
    "utterance_words_delete": f"AFTER DELETE ON {TABLE} BEGIN {_forget('old')} END",
    "utterance_words_change": f"""AFTER UPDATE OF status, text, source, device_id, received_at
        ON {TABLE} WHEN {_CHANGED} BEGIN {_forget("old")} {_learn("new")} END""",
    "utterance_counted_insert": f"""AFTER INSERT ON {TABLE}
        WHEN {_IS_FINISHED.format(row="new")} BEGIN {_plus("new")} END""",
    "utterance_counted_delete": f"""AFTER DELETE ON {TABLE}
        WHEN {_IS_FINISHED.format(row="old")} BEGIN {_minus("old")} END""",
    "utterance_uncounted_change": f"""AFTER UPDATE ON {TABLE}
        WHEN {_IS_FINISHED.format(row="old")} AND ({_CHANGED}) BEGIN {_minus("old")} END""",
    _LAST: f"""AFTER UPDATE ON {TABLE}
        WHEN {_IS_FINISHED.format(row="new")} AND ({_CHANGED}) BEGIN {_plus("new")} END""",
}


def is_installed(cursor: Any) -> bool:
    cursor.execute("SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = %s", [_LAST])
    return cursor.fetchone() is not None and _has_places(cursor)


def _has_places(cursor: Any) -> bool:
    """Is the column there, as it is now?"""
    cursor.execute("SELECT instr(sql, %s) FROM sqlite_master WHERE name = %s", [_PLACE, TABLE])
    return bool(cursor.fetchone()[0])


def lock(cursor: Any) -> None:
    """Keep other writers out: as each transaction does anyway."""


def remove(cursor: Any) -> None:
    """From now on nothing is kept up to date."""
    for name in _TRIGGERS:
        _run(cursor, f"DROP TRIGGER IF EXISTS {name}")
    _run(cursor, f"DROP TABLE IF EXISTS {WORDS}")


def begin(cursor: Any) -> None:
    """An empty index, and no trigger yet."""
    remove(cursor)
    _run(
        cursor,
        f"CREATE VIRTUAL TABLE {WORDS} USING fts5 (words, content='', columnsize=0, detail=none,"
        f" prefix='3 4 5 6', tokenize='{TOKENIZER}')",
    )
    if not _has_places(cursor):
        cursor.execute(f"SELECT 1 FROM pragma_table_xinfo('{TABLE}') WHERE name = 'place'")  # noqa: S608
        if cursor.fetchone() is not None:
            _run(cursor, "DROP INDEX IF EXISTS utterance_place")
            _run(cursor, f"ALTER TABLE {TABLE} DROP COLUMN place")
        _run(cursor, f"ALTER TABLE {TABLE} ADD COLUMN place integer AS ({_PLACE}) VIRTUAL")
    _run(cursor, f"CREATE INDEX IF NOT EXISTS utterance_place ON {TABLE} (place)")
    # Or a search would look at all of a status or a robot for each word that is found.
    _run(cursor, "ANALYZE sqlite_master")  # makes the table
    _run(cursor, "DELETE FROM sqlite_stat1 WHERE idx = 'utterance_place'")
    stat = (TABLE, "utterance_place", "1000000 1")
    cursor.execute("INSERT INTO sqlite_stat1 VALUES (%s, %s, %s)", stat)
    _run(cursor, "ANALYZE sqlite_master")  # this connection reads it anew


def fill(cursor: Any, begins: Any, ends: Any) -> None:
    """Index what was received from `begins` on and before `ends`; None: no such limit."""
    where, values = "true", []
    for limit, compared in ((begins, ">="), (ends, "<")):
        if limit is not None:
            where += f" AND received_at {compared} %s"
            values.append(limit)
    cursor.execute(
        f"INSERT INTO {WORDS} (rowid, words) SELECT place, {_indexed()} FROM {TABLE}"  # noqa: S608
        f" WHERE {where} ORDER BY place",
        values,
    )


def count(cursor: Any) -> None:
    """The totals, of all that is there now."""
    sums = "count(*), sum(length(text)), coalesce(sum(audio_seconds), 0)"
    finished = f"FROM {TABLE} WHERE {_IS_FINISHED.format(row=TABLE)}"
    hour = _HOUR.format(row="")
    for statement in (
        "DELETE FROM ttsmonitor_hourtotal",
        "DELETE FROM ttsmonitor_total",
        f"INSERT INTO ttsmonitor_hourtotal (hour, {_KEYS}, {_SUMS})"
        f" SELECT {hour}, {_KEYS}, {sums} {finished} GROUP BY 1, {_KEYS}",
        f"INSERT INTO ttsmonitor_total ({_KEYS}, {_SUMS}) SELECT {_KEYS}, {sums} {finished}"
        f" GROUP BY {_KEYS}",
    ):
        _run(cursor, statement)


def finish(cursor: Any) -> None:
    for name, body in _TRIGGERS.items():
        _run(cursor, f"CREATE TRIGGER {name} {body}")


def _run(cursor: Any, statement: str) -> None:
    # No parameters: so that a percent sign stands for itself.
    cursor.execute(statement)
