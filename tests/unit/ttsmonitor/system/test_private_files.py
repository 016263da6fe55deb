"""Files of this installation are readable by their owner only; foreign ones stay as they are."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttsmonitor.system import private_files
from ttsmonitor.system.private_files import tighten

OURS = (
    "moxie.sqlite3",
    "moxie.sqlite3-wal",
    "moxie.sqlite3-shm",
    "moxie.sqlite3.backup",
    "outbox.sqlite3",
    "secret_key",
    "hive.lock",
    "tts-subscriber.seen",
    "backups/moxie-20261201-030000.zip",
    "broker/key.pem",
    "sounds/a.pcm",
    "voices/.stages/voice-0123/flow.onnx",
    "wav/20260101-120000-0f8fad5b-d9cb-469f-a165-70867728950e.wav",
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def fill(directory: Path, *names: str) -> None:
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("private")
        path.chmod(0o644)
    for path in (directory, *(each for each in directory.rglob("*") if each.is_dir())):
        path.chmod(0o755)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    directory = tmp_path / "work"
    fill(directory, *OURS)
    return directory


@pytest.fixture
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_existing_installation_becomes_private(work: Path) -> None:
    tighten(work)
    assert mode(work) == 0o700
    for path in work.rglob("*"):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_directory_with_foreign_files_keeps_its_mode(work: Path) -> None:
    fill(work, "thesis.odt", "photos/beach.jpg")
    tighten(work)
    assert all(mode(work / name) == 0o755 for name in (".", "photos", "broker"))
    assert mode(work / "thesis.odt") == mode(work / "photos/beach.jpg") == 0o644
    assert all(mode(work / name) == 0o600 for name in OURS if "voices" not in name)


@pytest.mark.parametrize("shared", ["home", "sticky"])
def test_home_and_shared_directories_keep_their_mode(
    work: Path, monkeypatch: pytest.MonkeyPatch, shared: str
) -> None:
    if shared == "home":
        monkeypatch.setenv("HOME", str(work))
    else:
        work.chmod(0o1777)
    fill(work / "wav", "music.wav")
    before = mode(work)
    tighten(work)
    assert mode(work) == before
    assert mode(work / "wav/music.wav") == 0o644
    assert mode(work / "moxie.sqlite3") == 0o600


def test_links_are_not_followed(work: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    fill(elsewhere, "voice.onnx")
    (work / "voices").rename(work / "sounds" / "old")
    (work / "voices").symlink_to(elsewhere)
    (work / "moxie.sqlite3").unlink()
    (work / "moxie.sqlite3").symlink_to(elsewhere / "voice.onnx")
    tighten(work)
    assert mode(elsewhere) == 0o755
    assert mode(elsewhere / "voice.onnx") == 0o644


def test_files_of_another_user_are_left_alone(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ttsmonitor.system.private_files.os.geteuid", lambda: os.getuid() + 1)
    tighten(work)
    assert mode(work) == 0o755
    assert mode(work / "moxie.sqlite3") == 0o644


def test_file_that_cannot_be_changed_is_logged(
    work: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: str, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("ttsmonitor.system.private_files.os.chmod", refuse)
    tighten(work)
    assert "moxie.sqlite3" in caplog.text


def test_database_elsewhere_becomes_private_in_its_directory(tmp_path: Path) -> None:
    fill(tmp_path, "data/moxie.db", "data/moxie.db-wal", "data/other.txt")
    private_files.tighten_database(tmp_path / "data/moxie.db")
    assert mode(tmp_path / "data/moxie.db") == mode(tmp_path / "data/moxie.db-wal") == 0o600
    assert mode(tmp_path / "data/other.txt") == 0o644
    assert mode(tmp_path / "data") == 0o755


@pytest.mark.usefixtures("usual_umask")
def test_sqlite_gives_its_log_the_mode_of_the_database(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    path.touch(mode=0o600)
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE a (b)")
    assert [mode(each) for each in sorted(tmp_path.iterdir())] == [0o600] * 3
    database.close()


@pytest.mark.usefixtures("usual_umask")
def test_private_file_is_written_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.touch(mode=0o644)
    private_files.write_private(path, b"secret")
    assert path.read_bytes() == b"secret"
    assert mode(path) == 0o600


def test_failed_write_keeps_the_earlier_private_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: str, target: Path) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "key.pem"
    private_files.write_private(path, b"earlier")
    monkeypatch.setattr("ttsmonitor.system.private_files.os.replace", refuse)
    with pytest.raises(OSError, match="No space left"):
        private_files.write_private(path, b"new")
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]
