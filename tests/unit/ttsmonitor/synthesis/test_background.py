"""Speech for other programs gives way to that of the queue, in one synthesis process."""

from __future__ import annotations

import fcntl
import termios
import threading
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.support.tools import wait_until
from tests.support.voice import make_voice
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.priority_lock import PriorityLock, RunOptions
from ttsmonitor.synthesis.synthesizer import Synthesizer

STORY = SpeechRequest(text="Había una vez un robot que quería bailar con la luna. " * 6)
HELLO = SpeechRequest(text="Hola, soy Moxie.")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_voice(tmp_path_factory.mktemp("voice") / "hum.onnx", channels=16)


@pytest.fixture(scope="module")
def piper(model: Path) -> Iterator[Synthesizer]:
    cache = SoundCache(model.parent / "sounds", 50_000_000)
    synthesizer = Synthesizer(EngineConfig(engine="piper", model=model), cache=cache)
    synthesizer.start()
    assert synthesizer.error == ""
    yield synthesizer
    synthesizer.stop()


def sound(blocks: Iterator[object]) -> bytes:
    return b"".join(block.pcm for block in blocks)  # type: ignore[attr-defined]


def waiting_bytes(synthesizer: Synthesizer) -> int:
    """Return how much the process has sent that nobody has read."""
    count = array("i", [0])
    assert synthesizer._connection is not None
    fcntl.ioctl(synthesizer._connection.fileno(), termios.FIONREAD, count)
    return count[0]


def in_background(act: Callable[[], None], lock: PriorityLock) -> threading.Thread:
    def run() -> None:
        lock.become_background()
        act()

    thread = threading.Thread(target=run, name="tests.background")
    thread.start()
    return thread


def test_queue_ends_a_run_that_is_repeated_afterwards() -> None:
    lock = PriorityLock()
    order: list[str] = []
    has_begun = threading.Event()

    def run(options: RunOptions | None) -> str:
        assert options is not None
        order.append("run")
        has_begun.set()
        if len(order) == 1:
            wait_until(lambda: options.terminate, "the queue")
            raise RuntimeError("Exiting due to terminate flag")
        return "sound"

    def work() -> None:
        with lock.held():
            order.append(lock.interruptible(run, lambda: SimpleNamespace(terminate=False)))

    thread = in_background(work, lock)
    assert has_begun.wait(10)
    with lock.held():
        order.append("queue")
    thread.join(10)
    assert order == ["run", "queue", "run", "sound"]


def test_failure_of_a_run_is_not_repeated() -> None:
    lock = PriorityLock()

    def fail(options: RunOptions | None) -> None:
        raise ValueError("broken model")

    with lock.held(), pytest.raises(ValueError, match="broken model"):
        lock.interruptible(fail, lambda: SimpleNamespace(terminate=False))


def test_queue_gets_the_lock_before_a_background_thread_that_waited_longer() -> None:
    lock = PriorityLock()
    order: list[str] = []
    is_asked = threading.Event()

    def work() -> None:
        is_asked.set()
        with lock.held():
            order.append("background")

    with lock.held():
        thread = in_background(work, lock)
        assert is_asked.wait(10)
        urgent = threading.Thread(target=lambda: _note(lock, order), name="tests.urgent")
        urgent.start()
        wait_until(lambda: lock._wanted == 1, "the second one")
    urgent.join(10)
    thread.join(10)
    assert order == ["queue", "background"]


def _note(lock: PriorityLock, order: list[str]) -> None:
    with lock.held():
        order.append("queue")


def test_background_sound_survives_an_interruption_unchanged(piper: Synthesizer) -> None:
    alone = sound(piper.speak(STORY))
    piper._cache.clear()  # type: ignore[union-attr]
    blocks = piper.background.speak(STORY)
    begun = next(blocks).pcm
    assert sound(piper.speak(HELLO))  # while the story is in the middle
    heard = begun + sound(blocks)
    assert len(heard) == len(alone)
    apart = np.frombuffer(heard, "<i2").astype(int) - np.frombuffer(alone, "<i2")
    assert np.abs(apart).max() <= 2  # other blocks round otherwise


def test_queue_and_background_share_the_cache(piper: Synthesizer) -> None:
    text = SpeechRequest(text="Adiós, hasta mañana.")
    made = sound(piper.background.speak(text))
    hits = piper._cache.hits  # type: ignore[union-attr]
    assert len(sound(piper.speak(text))) == len(made)
    assert piper._cache.hits == hits + 1  # type: ignore[union-attr]


def test_unwanted_background_speech_ends_and_is_not_cached(piper: Synthesizer) -> None:
    text = SpeechRequest(text=STORY.text + "Fin.")
    whole = len(sound(piper.speak(text)))
    piper._cache.clear()  # type: ignore[union-attr]
    is_gone = threading.Event()
    heard = 0
    for block in piper.background.speak(text, lambda: not is_gone.is_set()):
        heard += len(block.pcm)
        is_gone.set()
    assert heard < whole / 4
    again = piper.background.speak(text)
    assert len(sound(again)) == whole


def test_closed_background_speech_makes_room_for_the_next(piper: Synthesizer) -> None:
    text = SpeechRequest(text=STORY.text + "Otra vez.")
    blocks = piper.background.speak(text)
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]
    assert len(sound(piper.background.speak(HELLO))) > 0


def test_background_speech_reports_a_process_that_does_not_run(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path))
    with pytest.raises(SynthesisError, match="not running"):
        next(synthesizer.background.speak(HELLO))


def test_espeak_serves_queue_and_background_in_turn(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path))
    synthesizer.start()
    try:
        blocks = synthesizer.background.speak(STORY)
        begun = [next(blocks)]
        queue = np.frombuffer(sound(synthesizer.speak(HELLO)), "<i2")
        rest = np.frombuffer(sound(blocks), "<i2")
    finally:
        synthesizer.stop()
    assert len(queue) / begun[0].sample_rate > 0.8
    assert len(rest) > 4 * len(queue)


def test_cancelled_speech_of_the_queue_lets_the_background_go_on(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path))
    synthesizer.start()
    try:
        longer = SpeechRequest(text=STORY.text * 3)  # more sound than the pipe holds
        next(synthesizer.speak(longer))
        seen = [0]

        def is_full() -> bool:
            seen.append(waiting_bytes(synthesizer))
            return seen[-1] > 0 and len(seen) > 20 and len(set(seen[-20:])) == 1

        wait_until(is_full, "the pipe to be full")
        synthesizer.cancel()
        is_late = threading.Event()
        timer = threading.Timer(10, is_late.set)
        timer.start()
        heard = sound(synthesizer.background.speak(HELLO, lambda: not is_late.is_set()))
        timer.cancel()
    finally:
        synthesizer.stop()
    assert heard
