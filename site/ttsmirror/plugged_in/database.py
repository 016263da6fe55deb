"""Creates the mirror's own database, and takes in what earlier versions kept in OpenMoxie's."""

from __future__ import annotations

import contextlib
import logging
import pkgutil
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from ttsmirror.conf import conf
from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.local_database import ALIAS, APP
from ttsmirror.models import OutboxEntry, Utterance, UtteranceChunk
from ttsmirror.plugged_in import EARLIER_APP, NOTE, ROUTER, VARIABLE
from ttsmirror.secret_file import make_private

logger = logging.getLogger(__name__)

COPIED = (Utterance, UtteranceChunk, OutboxEntry)
"""Models to copy, each after those that it refers to."""
EARLIER_RETENTION = "ttsmonitor_keeping"
EARLIER_WORD_INDEX = "utterance_words"
EARLIER_FUNCTIONS = ("moxie_count_utterance", "moxie_words", "moxie_hour")
"""Functions that an earlier version created in PostgreSQL for its search index."""
BATCH = 500
"""Rows read at a time: a reader of OpenMoxie's database keeps its writers waiting."""
PACKAGE = Path(__file__).resolve().parents[1]
HAS_COPIED = 1
"""SQLite's user_version of our file once the old tables are copied. It is 0 in a new file."""


def is_own() -> bool:
    """Return True if this app's tables are in a database of their own."""
    return router.db_for_write(Utterance) == ALIAS


def has_own_outbox() -> bool:
    """Return True if the outbox is in a file of its own: in a plug-in, and in our own project."""
    return router.db_for_write(OutboxEntry) == ALIAS


def problem() -> str:
    """Return why the plug-in cannot have its own database; empty if it can."""
    if not is_own():
        return f"DATABASE_ROUTERS lacks {ROUTER}: run script/plug-into again"
    databases = connections.settings
    if ALIAS not in databases:
        return f"DATABASES lacks {ALIAS}: run script/plug-into again"
    if any(_is_same(databases[ALIAS], databases[each]) for each in databases if each != ALIAS):
        return f"{VARIABLE} names a database that is in use: give it a file of its own"
    return ""


def _is_same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    if "sqlite" not in str(theirs["ENGINE"]):
        return False
    return Path(ours["NAME"]).resolve() == Path(theirs["NAME"]).resolve()


def prepare() -> None:
    """Create the file if it is missing and bring its tables up to date. Raises DatabaseError.

    Takes up to a second for a new file, so never call it on a thread of the host's.
    """
    attempts = len(_migrations())
    while True:
        try:
            _migrate()
            break
        except DatabaseError:
            # Another process may have been quicker with one of the migrations.
            attempts -= 1
            if attempts < 0:
                raise
    _note_path()


def _migrate() -> None:
    connection = connections[ALIAS]
    path = Path(connection.settings_dict["NAME"])
    if not connection.is_in_memory_db():  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):  # opening the file says what is wrong
            path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
    try:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode=WAL")  # lasts: it is kept in the file
    except DatabaseError as exc:  # some shared folders have no shared memory
        logger.warning("%s is written without a write-ahead log: %s", path, exc)
    if not _migrations() <= _applied():
        # The migrate command sends signals on which other apps write to their own databases.
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes(APP))
        logger.info("%s is up to date", path)


def _migrations() -> set[str]:
    return {each.name for each in pkgutil.iter_modules([str(PACKAGE / "migrations")])}


def _applied() -> set[str]:
    applied = MigrationRecorder(connections[ALIAS]).applied_migrations()
    return {name for app, name in applied if app == APP}


def _note_path() -> None:
    connection, note = connections[ALIAS], PACKAGE / NOTE
    if not note.parent.is_dir() or connection.is_in_memory_db():  # type: ignore[attr-defined]
        return
    try:
        note.write_text(str(Path(connection.settings_dict["NAME"]).resolve()), encoding="utf-8")
    except OSError as exc:
        logger.debug("the path of the database is not noted: %s", exc)


def has_copied() -> bool:
    """Return True if the old tables were copied already."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("PRAGMA user_version")
        return bool(cursor.fetchone()[0] == HAS_COPIED)


def take_over(source: str) -> list[str]:
    """Migrate the data of earlier versions in the database `source` and in our own file.

    Return messages for the user. Call it after prepare().
    """
    messages, days = [], None
    if copied := copy_old_tables(source):
        messages.append(f"Copied {copied} rows of the spoken history into its own database.")
        days = _retention_days(source)
    ours = {model._meta.db_table for model in COPIED}
    if unused := _earlier_tables(ALIAS) - ours:
        days = _retention_days(ALIAS)
        _drop(ALIAS, unused)  # its triggers would go on counting and indexing
    if days is not None and days != conf.TTS_HISTORY_DAYS:
        messages.append(
            f"How long the history is kept ({days} days, 0 is for ever) is no longer set in the"
            f" admin: set MOXIE_TTS_TTS_HISTORY_DAYS={days}."
        )
    return messages


def _retention_days(alias: str) -> int | None:
    """Return the days that an earlier version's admin was told, or None if it was not."""
    if EARLIER_RETENTION not in _tables(alias):
        return None
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT days FROM {EARLIER_RETENTION} ORDER BY id LIMIT 1")  # noqa: S608
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def copy_old_tables(source: str) -> int:
    """Copy an earlier version's rows from the database `source`, once. Return their number.

    The old tables stay as they are. A copy that was interrupted goes on at the next call.
    """
    there = _tables(source)
    if Utterance._meta.db_table not in there or has_copied():
        return 0
    copied = sum(_copy(model, source) for model in COPIED if model._meta.db_table in there)
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(f"PRAGMA user_version = {HAS_COPIED}")
    return copied


def _tables(alias: str) -> set[str]:
    return set(connections[alias].introspection.table_names())


def _copy(model: type[Model], source: str) -> int:
    table = connections[source].ops.quote_name(model._meta.db_table)
    with connections[source].cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608  our own name
        columns = {each[0] for each in cursor.description}  # an older version has fewer
    names = [
        field.attname
        for field in model._meta.concrete_fields
        if field.column in columns and not field.generated
    ]
    rows = model._base_manager.using(source).order_by("pk")
    copied = 0
    batch = list(rows.values(*names)[:BATCH])
    while batch:
        made = [model(**values) for values in batch]
        model._base_manager.using(ALIAS).bulk_create(made, ignore_conflicts=True)
        copied += len(batch)
        batch = list(rows.filter(pk__gt=made[-1].pk).values(*names)[:BATCH])
    return copied


def drop_old_tables(source: str = DEFAULT_DB_ALIAS) -> None:
    """Drop an earlier version's tables in OpenMoxie's database. Raises MoxieTTSError.

    Only once it was copied. It locks that database: stop OpenMoxie first.
    """
    earlier = _earlier_tables(source)
    if earlier and not has_copied():
        raise MoxieTTSError("The old tables are not copied yet: run migrate first.")
    _drop(source, earlier)


def _earlier_tables(alias: str) -> set[str]:
    return {name for name in _tables(alias) if name.startswith(f"{EARLIER_APP}_")}


def _drop(alias: str, tables: set[str]) -> None:
    """Drop these tables of an earlier version, its search index, and the record of both."""
    connection = connections[alias]
    quote = connection.ops.quote_name
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name in tables:  # whatever refers to one of them is one of them
                cursor.execute(f"DROP TABLE {quote(name)} CASCADE")
            for name in EARLIER_FUNCTIONS:
                cursor.execute(f"DROP FUNCTION IF EXISTS {name} CASCADE")
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
                [Utterance._meta.db_table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TRIGGER {quote(name)}")
            for name in (EARLIER_WORD_INDEX, *tables):
                cursor.execute(f"DROP TABLE IF EXISTS {quote(name)}")
    MigrationRecorder(connection).migration_qs.filter(app=EARLIER_APP).delete()
