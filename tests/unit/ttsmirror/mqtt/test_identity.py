"""The client ids of an installation and their storage."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.mqtt.identity import client_id
from ttsmirror.secret_file import kept_secret


def test_client_id_is_stable_per_work_directory(settings: Any, tmp_path: Path) -> None:
    settings.WORK_DIR = tmp_path / "one"
    name = client_id("moxie-hive")
    assert name.startswith("moxie-hive-") and len(name) >= len("moxie-hive-") + 16
    assert client_id("moxie-hive") == name
    settings.WORK_DIR = tmp_path / "other"
    assert client_id("moxie-hive") != name


def test_identity_file_is_readable_by_owner_only(settings: Any, tmp_path: Path) -> None:
    settings.WORK_DIR = tmp_path
    client_id("moxie-hive")
    (path,) = tmp_path.iterdir()  # and no other file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_identity_in_another_project_is_below_site_work(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del settings.WORK_DIR
    del settings.PROJECT_ROOT
    monkeypatch.chdir(tmp_path)
    name = client_id("moxie-hive")
    assert (tmp_path / "site/work/installation_id").read_text() == name.removeprefix("moxie-hive-")


def test_unusable_directory_is_named(settings: Any, tmp_path: Path) -> None:
    settings.WORK_DIR = tmp_path / "a file"
    settings.WORK_DIR.write_text("")
    with pytest.raises(MoxieTTSError, match=r"cannot write .*a file/installation_id: "):
        client_id("moxie-hive")


@pytest.mark.parametrize("attempt", range(5))
def test_simultaneous_starts_agree_on_one_secret(tmp_path: Path, attempt: int) -> None:
    together = threading.Barrier(8)

    def read() -> str:
        together.wait(10)
        return kept_secret(tmp_path / "secret", 8)

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(read) for _ in range(8)]
    assert len({future.result() for future in futures}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
