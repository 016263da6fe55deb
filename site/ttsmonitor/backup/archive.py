"""The file of a backup: a ZIP archive whose manifest has the size and checksum of each file.

`database/` holds the history and the outbox, `work/` files of the work directory, `voices/` the
voices. The manifest is the last file of the archive, so one that was cut off has none.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import BackupError

FORMAT = 1
"""Raised with each change that an earlier version could not restore."""
FOLDERS = DATABASE, WORK, VOICES = "database", "work", "voices"
MANIFEST = "manifest.json"
MANIFEST_BYTES = 10_000_000
BLOCK_BYTES = 1_000_000
DEFLATE_LEVEL = 1
"""Higher levels save a few percent of a history and take several times as long."""
UNREADABLE = (OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What zipfile raises for damaged archives."""
DAMAGED = Reason("it is damaged or cut off")


@dataclass(frozen=True)
class File:
    """Size and checksum of a file before its compression."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What is in a backup."""

    made_at: str
    """Time in ISO 8601."""
    version: str
    """Version of the program that made it."""
    database: str
    """Django's name of the database's vendor: `sqlite` or `postgresql`."""
    migrations: list[str]
    """Applied migrations, as in `ttsmonitor.0001_initial`."""
    utterances: int
    """Number of sentences in the history."""
    files: dict[str, File] = field(default_factory=dict)
    format: int = FORMAT


class Writer:
    """Writes the files of a backup. `pulse` is called for each block; what it raises passes."""

    def __init__(self, path: Path, pulse: Callable[[], None]) -> None:
        """Create the archive, for its owner only. Raises OSError."""
        path.touch(mode=0o600, exist_ok=False)
        self._archive = zipfile.ZipFile(
            path, "w", zipfile.ZIP_DEFLATED, compresslevel=DEFLATE_LEVEL
        )
        self._pulse = pulse
        self.files: dict[str, File] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[Callable[[bytes | memoryview], None]]:
        """Begin a file; yield the function that appends to it. Raises OSError."""
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as target:

            def write(block: bytes | memoryview) -> None:
                nonlocal size
                self._pulse()
                target.write(block)
                digest.update(block)
                size += len(block)

            yield write
        self.files[name] = File(size, digest.hexdigest())

    def add(self, name: str, path: Path) -> None:
        """Add a copy of a file. Raises OSError."""
        with path.open("rb") as source, self.file(name) as write:
            while block := source.read(BLOCK_BYTES):
                write(block)

    def close(self, manifest: Manifest | None = None) -> None:
        """Close the archive; it is a backup only with a manifest. Raises OSError."""
        if manifest is not None:
            content = json.dumps(asdict(manifest), indent=1)
            self._archive.writestr(MANIFEST, content)
        self._archive.close()


class Reader:
    """Reads a backup."""

    def __init__(self, path: Path) -> None:
        """Open a backup and read its manifest. Raises BackupError."""
        self._path = path
        try:
            self._archive = zipfile.ZipFile(path)
        except OSError as exc:
            raise self._error(Reason("{error}", error=exc.strerror or str(exc))) from exc
        except zipfile.BadZipFile as exc:
            raise self._error(DAMAGED) from exc
        self.manifest = self._read_manifest()

    def __enter__(self) -> Reader:
        """Return the open backup."""
        return self

    def __exit__(self, *exc: object) -> None:
        """Close it."""
        self._archive.close()

    def verify(self) -> None:
        """Read every file and compare it with the manifest. Raises BackupError."""
        for name in self.manifest.files:
            for _block in self.blocks(name):
                pass

    def blocks(self, name: str) -> Iterator[bytes]:
        """Yield a file in blocks. Raises BackupError if it is not what the manifest says."""
        digest, size = hashlib.sha256(), 0
        try:
            with self._archive.open(name) as source:
                while block := source.read(BLOCK_BYTES):
                    digest.update(block)
                    size += len(block)
                    yield block
        except UNREADABLE as exc:
            raise self._error(DAMAGED) from exc
        if File(size, digest.hexdigest()) != self.manifest.files[name]:
            raise self._error(DAMAGED)

    def extract(self, name: str, target: IO[bytes]) -> None:
        """Write a file to `target`. Raises BackupError, or OSError of the target."""
        for block in self.blocks(name):
            target.write(block)

    def _read_manifest(self) -> Manifest:
        try:
            if self._archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
                raise self._error(DAMAGED)
            fields = json.loads(self._archive.read(MANIFEST))
        except KeyError as exc:
            raise self._error(Reason("it is not a backup of Moxie")) from exc
        except (ValueError, *UNREADABLE) as exc:
            raise self._error(DAMAGED) from exc
        try:
            made_by_newer = fields["format"] > FORMAT
            version = str(fields["version"])
            manifest = None if made_by_newer else _manifest(fields)
        except (KeyError, TypeError, ValueError) as exc:
            raise self._error(DAMAGED) from exc
        if manifest is None:
            raise self.newer_error(version)
        return manifest

    def newer_error(self, version: str) -> BackupError:
        """Return the error about a backup of a newer version."""
        return self._error(
            Reason(
                "a newer version of this program made it ({version}): update first", version=version
            )
        )

    def _error(self, cause: Reason) -> BackupError:
        return BackupError(
            Reason("{path} cannot be restored: {cause}", path=str(self._path), cause=cause)
        )


def _manifest(fields: Mapping[str, Any]) -> Manifest:
    """Return the manifest with these fields. Raises KeyError, TypeError or ValueError."""
    files = {name: File(**each) for name, each in fields["files"].items()}
    for name in files:
        folder, *path = PurePosixPath(name).parts
        if folder not in FOLDERS or not path or ".." in path or "\\" in name:
            raise ValueError(name)
    known = {name: fields[name] for name in Manifest.__dataclass_fields__}
    return Manifest(**known | {"files": files})
