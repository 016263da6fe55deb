"""The tables of a PostgreSQL database in a backup: CSV files as COPY writes and reads them.

COPY keeps every value exactly, takes all tables at one moment, and needs no pg_dump, whose version
would have to match the server's.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from ttsmonitor.backup.archive import DATABASE, Reader, Writer

FOLDER = f"{DATABASE}/tables"
SUFFIX = ".csv"


def dump(archive: Writer) -> None:
    """Add all tables as they are at this moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for table in _tables():
            command = f"COPY {_quoted(table)} TO STDOUT (FORMAT csv, HEADER)"
            with archive.file(f"{FOLDER}/{table}{SUFFIX}") as write, cursor.copy(command) as rows:
                for block in rows:
                    write(block)


def load(archive: Reader) -> None:
    """Put the tables of a backup in the place of those in the database, or change nothing.

    The database has the same migrations as the backup.
    """
    tables = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(map(_quoted, tables))}")
        for table in tables:
            name = f"{FOLDER}/{table}{SUFFIX}"
            columns = ", ".join(map(_quoted, _columns(archive, name)))
            command = f"COPY {_quoted(table)} ({columns}) FROM STDIN (FORMAT csv, HEADER)"
            with cursor.copy(command) as rows:
                for block in archive.blocks(name):
                    rows.write(block)
        models: list[type[Model]] = [
            *apps.get_models(include_auto_created=True),
            MigrationRecorder.Migration,
        ]
        stored = [each for each in models if each._meta.db_table in tables]
        for command in connection.ops.sequence_reset_sql(no_style(), stored):
            cursor.execute(command)


def _tables() -> list[str]:
    """Return the tables of all apps, and that of the migrations."""
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return sorted([*found, MigrationRecorder.Migration._meta.db_table])


def _columns(archive: Reader, name: str) -> Sequence[str]:
    """Return the names in the first line of a file."""
    first = next(archive.blocks(name)).partition(b"\n")[0].decode()
    return next(csv.reader([first]))


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
