"""One core is reserved on dual-core hosts only; with real threads and processes."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tools import wait_until
from tests.support.voice import make_voice
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.piper.stages import cut_stages
from ttsmonitor.synthesis.synthesizer import Synthesizer
from ttsmonitor.system import cpu_affinity

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity"), reason="this system does not let one choose"
)
BOTH = sorted(os.sched_getaffinity(0))[:2]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before, go_back = os.sched_getaffinity(0), os.sched_setaffinity
    yield
    go_back(0, before)
    cpu_affinity._others.clear()


def test_one_of_two_cores_is_reserved_from_later_threads() -> None:
    if len(BOTH) < 2:
        pytest.skip("this computer has one processor")
    os.sched_setaffinity(0, BOTH)
    assert cpu_affinity.reserve_core() == BOTH[1]
    seen: list[list[int]] = []
    thread = threading.Thread(target=lambda: seen.append(cpu_affinity.usable()))
    thread.start()
    thread.join()
    assert seen == [[BOTH[0]]]


def test_single_core_is_shared() -> None:
    os.sched_setaffinity(0, BOTH[:1])
    assert cpu_affinity.reserve_core() is None
    assert cpu_affinity.usable() == BOTH[:1] and cpu_affinity.count() == 1


def test_three_cores_are_left_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda who: {0, 1, 2})
    monkeypatch.setattr(os, "sched_setaffinity", lambda who, which: pytest.fail("it was changed"))
    assert cpu_affinity.reserve_core() is None and cpu_affinity.count() == 3


def test_forbidden_affinity_reserves_no_core(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(who: int, which: object) -> None:
        raise PermissionError("not in this container")

    monkeypatch.setattr(os, "sched_getaffinity", lambda who: {0, 1})
    monkeypatch.setattr(os, "sched_setaffinity", forbid)
    assert cpu_affinity.reserve_core() is None
    cpu_affinity.take(1)
    assert cpu_affinity.helpers() == [] and cpu_affinity.count() == 2


def test_synthesis_uses_reserved_core_with_helper_on_other(
    tmp_path: Path,
) -> None:
    if len(BOTH) < 2:
        pytest.skip("this computer has one processor")
    model = make_voice(tmp_path / "tiny.onnx")
    cut_stages(model)
    os.sched_setaffinity(0, BOTH)
    apart = cpu_affinity.reserve_core()
    config = EngineConfig(engine="piper", model=model, processor=apart)
    synthesizer = Synthesizer(config)
    try:
        synthesizer.start()
        assert list(synthesizer.speak(SpeechRequest("Hola.")))
        tasks = Path(f"/proc/{synthesizer.pid}/task")
        wait_until(lambda: len(list(tasks.iterdir())) >= 2)
        threads = {each.name: os.sched_getaffinity(int(each.name)) for each in tasks.iterdir()}
        main = threads.pop(str(synthesizer.pid))
    finally:
        synthesizer.stop()
    assert main == {BOTH[1]} and {BOTH[0]} in threads.values()
