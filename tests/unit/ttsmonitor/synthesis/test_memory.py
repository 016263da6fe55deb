"""The real memory use of the synthesis process, and its limit."""

from __future__ import annotations

import os
import platform
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.tools import ROOT
from tests.support.voice import make_voice
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.memory import loaded_bytes, taken_by
from ttsmonitor.synthesis.piper.stages import cut_stages
from ttsmonitor.synthesis.synthesizer import Synthesizer

LITTERING = """
from pathlib import Path
from ttsmonitor.synthesis.memory import return_freed_memory

def resident_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

pieces = [bytes(50_000) for _ in range(1_000)]
last = bytes(50_000)
pieces.clear()
before = resident_pages()
return_freed_memory()
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
def test_freed_heap_memory_is_returned_to_the_system() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "site")}
    command = [sys.executable, "-c", LITTERING]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) * os.sysconf("SC_PAGE_SIZE") > 40_000_000


def resident_bytes(pid: int | None) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_stays_bounded_while_voices_alternate(three_voices: Path) -> None:
    size = (three_voices / "a.onnx").stat().st_size
    bound = taken_by([loaded_bytes(size)] * 2)
    synthesizer = Synthesizer(EngineConfig("piper", "a", three_voices, loaded_bytes=bound))
    synthesizer.start()
    try:
        for voice in "abcabca":
            list(synthesizer.speak(SpeechRequest(WORDS, voice=voice)))
            assert synthesizer.engine == f"piper {voice}"
            assert resident_bytes(synthesizer.pid) < 1.15 * bound
    finally:
        synthesizer.stop()


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds the limit")
SMALL = {"loaded_bytes": 100_000_000, "headroom_bytes": 300_000_000}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Synthesizer]]:
    """A synthesis process with the voices of a directory, and little memory unless told."""
    made: list[Synthesizer] = []

    def make(voice: str, directory: Path = tmp_path, **config: object) -> Synthesizer:
        values = {"engine": "auto", "voice": voice, "voice_dir": directory} | (config or SMALL)
        made.append(Synthesizer(EngineConfig(**values)))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for synthesizer in made:
        synthesizer.stop()


def data_limit(synthesizer: Synthesizer) -> int:
    assert synthesizer.pid is not None
    return resource.prlimit(synthesizer.pid, resource.RLIMIT_DATA)[0]


def status_bytes(synthesizer: Synthesizer, name: str) -> int:
    """A size that the kernel tells of the process: VmHWM is the most that was resident."""
    found = re.search(
        rf"^{name}:\s+(\d+) kB", Path(f"/proc/{synthesizer.pid}/status").read_text(), re.M
    )
    assert found
    return int(found[1]) * 1024


@linux_only
@pytest.mark.parametrize("ups", [(8, 8), ()], ids=["cut", "whole"])
def test_voice_needing_gigabytes_is_replaced_and_named(
    start: Callable[..., Synthesizer], tmp_path: Path, ups: tuple[int, ...]
) -> None:
    make_voice(tmp_path / "good.onnx")
    make_voice(tmp_path / "endless.onnx", frames_per_id=400_000, ups=ups, named=bool(ups))
    synthesizer = start("good")
    pid = synthesizer.pid
    for _time in range(2):
        assert list(synthesizer.speak(SpeechRequest("Hola.", voice="endless")))
        assert synthesizer.engine == "piper good"
        reason = "The voice endless cannot be used: it needs more memory than the synthesis may use"
        assert synthesizer.remark.startswith(reason)
        assert list(synthesizer.speak(SpeechRequest("Hola.")))
        assert (synthesizer.pid, synthesizer.error, synthesizer.remark) == (pid, "", "")
    assert status_bytes(synthesizer, "VmHWM") < sum(SMALL.values())


@linux_only
def test_sentence_needing_gigabytes_fails_without_other_engine(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "good.onnx")
    make_voice(tmp_path / "endless.onnx", frames_per_id=400_000)
    synthesizer = start("good", engine="piper", **SMALL)
    with pytest.raises(SynthesisError, match="endless cannot be used: it needs more memory"):
        list(synthesizer.speak(SpeechRequest("Hola.", voice="endless")))
    assert list(synthesizer.speak(SpeechRequest("Hola.")))
    assert synthesizer.error == ""


@pytest.mark.parametrize("ups", [(8, 8), ()], ids=["cut", "whole"])
def test_endless_voice_is_replaced_and_named(
    start: Callable[..., Synthesizer], tmp_path: Path, ups: tuple[int, ...]
) -> None:
    make_voice(tmp_path / "good.onnx")
    frames = 120 if ups else 8_000  # without ups a frame is one sample
    make_voice(tmp_path / "slow.onnx", frames_per_id=frames, ups=ups, named=bool(ups))
    synthesizer = start("good", headroom_bytes=1_500_000_000)
    assert list(synthesizer.speak(SpeechRequest("Hola.", voice="slow")))
    assert synthesizer.engine == "piper good"
    found = re.match(
        r"The voice slow cannot be used: it makes (\d+) s of sound from (\d+) phonemes; the"
        r" limit is (\d+) s; piper good speaks instead",
        synthesizer.remark,
    )
    assert found and int(found[1]) > int(found[3])


@linux_only
@pytest.mark.parametrize("loaded_mb", [400, 0])
def test_memory_limit_follows_loaded_voices(
    start: Callable[..., Synthesizer], tmp_path: Path, loaded_mb: int
) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    headroom = 200_000_000
    config = {"loaded_bytes": loaded_mb * 1_000_000, "headroom_bytes": headroom}
    synthesizer = start("tiny", **config)
    assert list(synthesizer.speak(SpeechRequest("Hola.")))
    assert synthesizer.engine == "piper tiny"
    needed = taken_by([loaded_bytes(model.stat().st_size)])
    assert data_limit(synthesizer) == max(config["loaded_bytes"], needed) + headroom


@linux_only
def test_real_voice_stays_far_below_the_limit(
    start: Callable[..., Synthesizer], bench_model: Path
) -> None:
    synthesizer = start("bench", bench_model.parent, niceness=0)
    unbroken = WORDS.replace(",", "").rstrip(".").replace(" y ", " a ") + " "
    for _block in synthesizer.speak(SpeechRequest(unbroken * 6)):  # one clause, as long as any
        pass
    assert synthesizer.engine == "piper bench"
    assert status_bytes(synthesizer, "VmData") < data_limit(synthesizer) / 2
