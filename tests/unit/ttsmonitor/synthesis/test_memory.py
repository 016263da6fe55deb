"""What the synthesis process takes of the memory, for real."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tools import ROOT
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.memory import taken_by
from ttsmonitor.synthesis.piper.stages import cut_stages
from ttsmonitor.synthesis.synthesizer import Synthesizer

LITTERING = """
from pathlib import Path
from ttsmonitor.synthesis.memory import give_back

def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

pieces = [bytes(50_000) for _ in range(1_000)]
last = bytes(50_000)
pieces.clear()
before = resident_pages()
give_back()
print(before - resident_pages())
"""
WORDS = "Había una vez un robot que quería bailar con los niños, y nadie sabía por qué."


@pytest.fixture
def three_voices(bench_model: Path, tmp_path: Path) -> Path:
    """A directory with a, b and c."""
    stages = cut_stages(bench_model)
    for name in "abc":
        for kind in (".onnx", ".onnx.json"):
            (tmp_path / f"{name}{kind}").symlink_to(bench_model.with_name(f"bench{kind}"))
        shutil.copytree(stages, tmp_path / ".stages" / stages.name.replace("bench", name))
    return tmp_path


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc keeps it")
def test_what_was_freed_below_what_is_in_use_goes_back_to_the_system() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "site")}
    command = [sys.executable, "-c", LITTERING]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) * os.sysconf("SC_PAGE_SIZE") > 40_000_000


def resident_bytes(pid: int | None) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_voices_that_come_and_go_take_no_more_than_they_may(three_voices: Path) -> None:
    size = (three_voices / "a.onnx").stat().st_size
    bound = taken_by([size] * 2)
    synthesizer = Synthesizer(EngineConfig("piper", "a", three_voices, loaded_bytes=bound))
    synthesizer.start()
    try:
        for voice in "abcabca":
            list(synthesizer.speak(SpeechRequest(WORDS, voice=voice)))
            assert synthesizer.engine == f"piper {voice}"
            assert resident_bytes(synthesizer.pid) < 1.15 * bound
    finally:
        synthesizer.stop()
