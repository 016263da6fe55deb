"""A backup is read as it was written, or not at all."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from ttsmonitor.backup.archive import FORMAT, MANIFEST, Manifest, Reader, Writer
from ttsmonitor.exceptions import BackupError

CONTENTS = {"work/secret_key": b"key", "database/history.sqlite3": bytes(range(256)) * 9_000}
MADE = Manifest("2026-12-01T03:00:00+00:00", "1.0", "sqlite", ["ttsmonitor.0001_initial"], 3)


def write(path: Path, contents: dict[str, bytes] = CONTENTS) -> Path:
    archive = Writer(path, lambda: None)
    for name, content in contents.items():
        with archive.file(name) as append:
            for at in range(0, len(content), 100_000):
                append(content[at : at + 100_000])
    archive.close(Manifest(**vars(MADE) | {"files": archive.files}))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "moxie.zip")


def changed_manifest(path: Path, **fields: Any) -> Path:
    """Write a copy whose manifest has other fields."""
    copy = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == MANIFEST:
                content = json.dumps(json.loads(content) | fields).encode()
            target.writestr(name, content)
    return copy


def read(path: Path) -> dict[str, bytes]:
    with Reader(path) as backup:
        backup.verify()
        return {name: b"".join(backup.blocks(name)) for name in backup.manifest.files}


def test_backup_is_read_as_written(path: Path) -> None:
    assert read(path) == CONTENTS
    with Reader(path) as backup:
        assert (backup.manifest.utterances, backup.manifest.migrations) == (3, MADE.migrations)


def test_only_the_owner_can_read_a_backup(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_damaged_byte_of_content_is_noticed(path: Path) -> None:
    whole = path.read_bytes()
    for at in range(40, len(whole), 97):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            found = read(path)
        except BackupError as exc:
            assert "cannot be restored" in str(exc)
        else:
            assert found == CONTENTS, at  # a time or a comment of ZIP


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_archive_that_is_cut_off_is_refused(path: Path, share: float) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BackupError, match="damaged or cut off"):
        Reader(path)


def test_content_that_differs_from_the_manifest_is_refused(path: Path) -> None:
    files = {name: {"size_bytes": 3, "sha256": "0" * 64} for name in CONTENTS}
    with Reader(changed_manifest(path, files=files)) as backup, pytest.raises(BackupError):
        backup.verify()


def test_backup_of_a_newer_version_is_refused(path: Path) -> None:
    newer = changed_manifest(path, format=FORMAT + 1, version="9.9", more={"unknown": 1})
    with pytest.raises(BackupError, match=r"newer version .* made it \(9\.9\): update first"):
        Reader(newer)


@pytest.mark.parametrize(
    "name", ["../key", "work/../../key", "/etc/passwd", "work", "elsewhere/key", "work/..\\key", ""]
)
def test_file_outside_its_folder_is_refused(path: Path, name: str) -> None:
    files = {name: {"size_bytes": 0, "sha256": ""}}
    with pytest.raises(BackupError, match="damaged"):
        Reader(changed_manifest(path, files=files))


def test_other_zip_files_are_no_backups(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("beach.jpg", b"")
    with pytest.raises(BackupError, match="not a backup"):
        Reader(tmp_path / "photos.zip")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=r"nowhere\.zip .*No such file"):
        Reader(tmp_path / "nowhere.zip")
