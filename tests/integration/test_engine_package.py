"""A package of somebody else that brings an engine, built and installed by pip."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ttsmonitor.monitor import voices_state
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.registry import discovered
from ttsmonitor.synthesis.synthesizer import Synthesizer

PACKAGE = Path(__file__).parent.parent / "packages" / "moxie-tts-whistle"
MOST_LINES = 60


@pytest.fixture
def whistle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the package into a directory on the path of this process and of its children."""
    target = tmp_path / "site-packages"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*pip, "--no-deps", "--target", target, PACKAGE], check=True)
    monkeypatch.syspath_prepend(target)
    monkeypatch.setenv("PYTHONPATH", str(target))
    discovered.cache_clear()
    yield
    discovered.cache_clear()
    sys.modules.pop("moxie_tts_whistle", None)


def test_engine_package_is_small() -> None:
    files = [PACKAGE / "pyproject.toml", PACKAGE / "moxie_tts_whistle.py"]
    assert sum(len(file.read_text().splitlines()) for file in files) <= MOST_LINES


@pytest.mark.django_db
def test_installed_engine_package_lists_voices_and_streams(
    whistle: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    installed = {voice["name"]: voice["title"] for voice in voices_state.whole()["installed"]}
    assert installed == {"silbo": "Silbo", "mazatec": "Mazatec"}
    synthesizer = Synthesizer(EngineConfig(voice_dir=tmp_path / "voices"))
    synthesizer.start()
    try:
        blocks: list[Block] = list(synthesizer.speak(SpeechRequest("Nda tejen jin", lang="maz")))
        assert synthesizer.engine == "whistle mazatec"
    finally:
        synthesizer.stop()
    words = [mark.word for block in blocks for mark in block.marks]
    assert (words, len(blocks)) == (["Nda", "tejen", "jin"], 3)
