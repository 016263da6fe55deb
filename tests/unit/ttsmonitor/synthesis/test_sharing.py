"""A voice is as readable as its directory, whatever the umask of who installs it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.voice import make_voice
from ttsmonitor.synthesis.piper.download import install_voice


@pytest.fixture(autouse=True)
def private_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.parametrize(("directory", "file"), [(0o755, 0o644), (0o700, 0o600)])
def test_installed_voice_is_as_readable_as_its_directory(
    tmp_path: Path, directory: int, file: int
) -> None:
    place = tmp_path / "voices"
    place.mkdir()
    place.chmod(directory)
    install_voice(make_voice(tmp_path / "tiny.onnx"), place)
    made = list(place.rglob("*"))
    assert any(path.name == "stages.json" for path in made)
    for path in made:
        expected = directory if path.is_dir() else file
        assert stat.S_IMODE(path.stat().st_mode) == expected, path
