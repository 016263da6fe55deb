"""What a backup holds, and what happens where there is no room for it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.web_fakes import utterance
from ttsmirror.exceptions import MoxieTTSError
from ttsmonitor.backup import making
from ttsmonitor.backup.archive import Reader, Writer
from ttsmonitor.backup.making import make_backup
from ttsmonitor.exceptions import BackupError

KEPT = (
    "secret_key",
    "installation_id",
    "home_network",
    "virtual_moxie.id",
    "broker/key.pem",
    "broker/accounts/localhost/hive",
    "web/ca.pem",
)
LEFT_OUT = (
    "hive.lock",
    "hive.seen",
    "moxie.sqlite3.old",
    "publisher_clocks.json",
    "broker/mosquitto.db",
    "broker/mosquitto.db.full",
    "sounds/a.pcm",
    "static/moxie.css",
    "backups/moxie-20261130-030000.zip",
    "thesis.odt",
)


@pytest.fixture
def work(tmp_path: Path, settings: Any) -> Iterator[Path]:
    settings.WORK_DIR = tmp_path / "work"
    voices = ("voices/es_ES-davefx-medium.onnx", "voices/.stages/flow.onnx")
    for name in (*KEPT, *LEFT_OUT, *voices):
        path = settings.WORK_DIR / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    yield settings.WORK_DIR


def names(path: Path) -> set[str]:
    with Reader(path) as backup:
        backup.verify()
        return {name for name in backup.manifest.files if not name.startswith("database/")}


@pytest.mark.django_db(transaction=True)
def test_keys_and_accounts_are_taken_and_the_rest_left_out(work: Path, tmp_path: Path) -> None:
    utterance("Hola")
    manifest = make_backup(tmp_path / "moxie.zip")
    assert manifest.utterances == 1
    assert "ttsmonitor.0001_initial" in manifest.migrations
    assert names(tmp_path / "moxie.zip") == {f"work/{name}" for name in KEPT}


@pytest.mark.django_db(transaction=True)
def test_voices_are_taken_on_request(work: Path, tmp_path: Path) -> None:
    make_backup(tmp_path / "moxie.zip", voices=True)
    added = names(tmp_path / "moxie.zip") - {f"work/{name}" for name in KEPT}
    assert added == {"voices/es_ES-davefx-medium.onnx"}


@pytest.mark.django_db(transaction=True)
def test_existing_file_is_not_overwritten(work: Path, tmp_path: Path) -> None:
    target = tmp_path / "moxie.zip"
    target.write_text("precious")
    with pytest.raises(BackupError, match=r"moxie\.zip cannot be written: File exists"):
        make_backup(target)
    assert target.read_text() == "precious"


@pytest.mark.django_db(transaction=True)
def test_disk_is_not_filled_up(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=making.RESERVE_BYTES - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(BackupError, match=r"too full: 20. MB are needed, 200 MB are free"):
        make_backup(tmp_path / "moxie.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_of_a_backup_that_fails(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Writer, "add", full)
    with pytest.raises(MoxieTTSError, match="cannot be written: No space left on device"):
        make_backup(tmp_path / "moxie.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
