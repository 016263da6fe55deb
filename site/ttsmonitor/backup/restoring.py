"""Put a backup in the place of this installation's data. Its services do not run meanwhile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from ttsmirror.local_database import ALIAS
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmonitor.backup import files, postgresql
from ttsmonitor.backup.archive import Manifest, Reader
from ttsmonitor.backup.making import HISTORY, OUTBOX, applied_migrations, database_file
from ttsmonitor.conf import conf
from ttsmonitor.exceptions import BackupError
from ttsmonitor.system.lock import Service, only_one
from ttsmonitor.system.private_files import tighten_installation

Staged = list[tuple[Path, Path]]
"""Files that are written already, each with the path that it is to have."""


def restore_backup(path: Path, *, replace: bool = False) -> Manifest:
    """Restore a backup and return its manifest. Nothing changes unless all of it can be restored.

    Existing data is deleted only with `replace`. Raises BackupError, or AlreadyRunningError while
    a service runs.
    """
    with Reader(path) as backup, ExitStack() as locks:
        for service in Service:
            locks.enter_context(only_one(conf.work_dir, service))
        _ensure_fits(backup)
        if not replace and _has_data():
            raise BackupError(
                Reason(
                    "There is data here already. To delete it, repeat the command with --replace."
                )
            )
        backup.verify()
        connections.close_all()
        try:
            with _staged(backup) as staged:
                if backup.manifest.database == "postgresql":
                    _restore_tables(backup)
                for new, old in staged:
                    _put_in_place(new, old)
        except OSError as exc:
            raise BackupError(
                Reason(
                    "{path} cannot be restored: {cause}",
                    path=str(path),
                    cause=exc.strerror or str(exc),
                )
            ) from exc
        call_command("migrate", interactive=False, verbosity=0)
        tighten_installation()
    return backup.manifest


def _ensure_fits(backup: Reader) -> None:
    """Raise BackupError for a backup of a newer version, or of another kind of database."""
    manifest = backup.manifest
    loader = MigrationExecutor(None).loader
    replaced = {old for migration in loader.disk_migrations.values() for old in migration.replaces}
    known = {f"{app}.{name}" for app, name in {*loader.disk_migrations, *replaced}}
    if not known.issuperset(manifest.migrations):
        raise backup.newer_error(manifest.version)
    if manifest.database != connection.vendor:
        raise BackupError(
            Reason(
                "the backup is of a {made} database, but DATABASE_URL names a {here} database",
                made=manifest.database,
                here=connection.vendor,
            )
        )


def _has_data() -> bool:
    """Return True if the database has accounts or sentences, or cannot be read."""
    path = database_file(DEFAULT_DB_ALIAS)
    if path is not None and not (path.exists() and path.stat().st_size):
        return False
    try:
        if not applied_migrations():
            return False
        return Utterance.objects.exists() or get_user_model().objects.exists()
    except DatabaseError:
        return True


@contextmanager
def _staged(backup: Reader) -> Iterator[Staged]:
    """Write the files of a backup beside those that they replace; remove what is left of them."""
    staged: Staged = []
    try:
        for name in backup.manifest.files:
            if (target := _place(name)) is not None:
                target = target.resolve()
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                # In the same directory, since a volume of Docker may be mounted there.
                descriptor, aside = tempfile.mkstemp(prefix=".restored-", dir=target.parent)
                staged.append((Path(aside), target))
                with os.fdopen(descriptor, "wb") as file:
                    backup.extract(name, file)
                    file.flush()
                    os.fsync(file.fileno())
        yield staged
    finally:
        for new, _old in staged:
            new.unlink(missing_ok=True)


def _place(name: str) -> Path | None:
    """Return the path of a file of the archive; None for a table."""
    if name in (HISTORY, OUTBOX):
        return database_file(DEFAULT_DB_ALIAS if name == HISTORY else ALIAS)
    return None if name.startswith(f"{postgresql.FOLDER}/") else files.place(name)


def _put_in_place(new: Path, old: Path) -> None:
    for suffix in ("-wal", "-shm", "-journal"):  # of the database that was there
        old.with_name(old.name + suffix).unlink(missing_ok=True)
    os.replace(new, old)


def _restore_tables(backup: Reader) -> None:
    """Fill PostgreSQL's tables; make them first, as they were, in an empty database."""
    wanted = backup.manifest.migrations
    found = applied_migrations()
    if not found:
        executor = MigrationExecutor(connection)
        executor.migrate(_leaves(executor, wanted))
    elif found != wanted:
        raise BackupError(
            Reason(
                "the tables of the database are of another version than the backup: name an empty"
                " database in DATABASE_URL"
            )
        )
    postgresql.load(backup)


def _leaves(executor: MigrationExecutor, migrations: list[str]) -> list[tuple[str, str]]:
    """Return the last migration of each app among `migrations`."""
    nodes = {(app, name) for app, _dot, name in (each.partition(".") for each in migrations)}
    graph = executor.loader.graph.node_map
    return sorted(
        (app, name)
        for app, name in nodes
        if not any(
            child.key in nodes and child.key[0] == app for child in graph[app, name].children
        )
    )
