"""The WAV output and unwritable directories."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from tests.support.fakes import RATE
from tests.support.sound import read_wav
from ttsmonitor.audio.wav import WavOutput
from ttsmonitor.exceptions import AudioError


def test_wav_file_contains_the_played_samples(tmp_path: Path) -> None:
    output = WavOutput(tmp_path / "new" / "directory")
    output.open()
    samples = np.arange(3000, dtype="<i2")
    output.begin("an-id", 16_000)
    output.write(samples.tobytes())
    output.end()
    (path,) = (tmp_path / "new" / "directory").glob("*-an-id.wav")
    written, rate = read_wav(path)
    assert rate == 16_000 and np.array_equal(written, samples)


def test_unwritable_directory_is_logged_once_and_retried(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "wav"
    blocked.write_text("not a directory")
    output = WavOutput(blocked)
    for _ in range(3):
        with pytest.raises(AudioError, match="TTS_WAV_DIR"):
            output.open()
    assert "TTS_WAV_DIR" in output.error
    assert len(caplog.records) == 1
    blocked.unlink()
    output.open()
    assert output.error == ""
    assert list(blocked.iterdir()) == [], "looking left something"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk at hand")
def test_full_disk_is_named_and_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = WavOutput(tmp_path)
    output.open()
    full = Path("/dev/full").open("wb")
    monkeypatch.setattr(Path, "open", lambda *args, **options: full)
    output.begin("an-id", RATE)
    output.write(bytes(2 * RATE))
    with pytest.raises(AudioError, match="No space left"):
        output.end()
    assert "No space left" in output.error
    assert full.closed
    gc.collect()  # an unclosed file would raise a ResourceWarning
