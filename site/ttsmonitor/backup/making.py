"""Make a backup of this installation, whose services may run."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from ttsmirror.database import database_reason
from ttsmirror.heartbeat import beat
from ttsmirror.local_database import ALIAS
from ttsmirror.models import Utterance
from ttsmirror.reasons import Reason
from ttsmirror.version import VERSION
from ttsmonitor.backup import files, postgresql
from ttsmonitor.backup.archive import DATABASE, Manifest, Writer
from ttsmonitor.backup.sqlite import copy_database
from ttsmonitor.exceptions import BackupError

HISTORY, OUTBOX = f"{DATABASE}/history.sqlite3", f"{DATABASE}/outbox.sqlite3"
RESERVE_BYTES = 200_000_000
"""Room that is left on the disk, which may be the history's own."""
ASIDE = ".backup-"
"""Beginning of the name of the directory in which a backup is made."""


def make_backup(
    target: Path, *, voices: bool = False, pulse: Callable[[], None] = beat
) -> Manifest:
    """Write a backup to `target`, which only its owner can read, or nothing at all.

    `pulse` is called again and again; what it raises ends the work. Raises BackupError.
    """
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=ASIDE, dir=target.parent) as made:
            aside = Path(made)
            _ensure_room(aside, voices=voices)
            manifest = _write(aside / "backup", aside, voices, pulse)
            _put_in_place(aside / "backup", target)
    except OSError as exc:
        raise BackupError(
            Reason(
                "{path} cannot be written: {cause}",
                path=str(target),
                cause=exc.strerror or str(exc),
            )
        ) from exc
    except DatabaseError as exc:
        raise BackupError(database_reason(exc)) from exc
    return manifest


def database_file(alias: str) -> Path | None:
    """Return the file of an SQLite database; None if there is none, or for one in memory."""
    if alias not in connections:
        return None
    database = connections[alias]
    if database.vendor != "sqlite" or database.is_in_memory_db():  # type: ignore[attr-defined]
        return None
    return Path(database.settings_dict["NAME"]).resolve()


def applied_migrations() -> list[str]:
    """Return the applied migrations of the database, in order."""
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)


def _write(path: Path, aside: Path, voices: bool, pulse: Callable[[], None]) -> Manifest:
    archive = Writer(path, pulse)
    try:
        # The outbox first: what leaves it meanwhile is in the history by then.
        for name, alias in ((OUTBOX, ALIAS), (HISTORY, DEFAULT_DB_ALIAS)):
            source = database_file(alias)
            if source is not None and source.exists():
                copy = aside / "copy.sqlite3"
                copy_database(source, copy, pulse)
                archive.add(name, copy)
                copy.unlink()
        if connection.vendor == "postgresql":
            postgresql.dump(archive)
        for name, source in files.to_back_up(voices=voices):
            archive.add(name, source)
        manifest = Manifest(
            made_at=timezone.now().isoformat(timespec="seconds"),
            version=VERSION,
            database=connection.vendor,
            migrations=applied_migrations(),
            utterances=Utterance.objects.count(),
            files=archive.files,
        )
    except BaseException:
        archive.close()
        raise
    archive.close(manifest)
    return manifest


def _put_in_place(path: Path, target: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
    if target.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    os.replace(path, target)


def _ensure_room(directory: Path, *, voices: bool) -> None:
    """Raise BackupError unless there is room for copy and archive. The disk is not filled up."""
    databases = filter(None, map(database_file, (ALIAS, DEFAULT_DB_ALIAS)))
    sizes = [path.stat().st_size for path in databases if path.exists()]
    needed = 2 * sum(sizes) + RESERVE_BYTES
    needed += sum(path.stat().st_size for _name, path in files.to_back_up(voices=voices))
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise BackupError(
            Reason(
                "the disk of {path} is too full: {needed} MB are needed, {free} MB are free",
                path=str(directory.parent),
                needed=round(needed / 1e6),
                free=round(free / 1e6),
            )
        )
