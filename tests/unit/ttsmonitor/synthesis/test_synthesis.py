"""The synthesis process and its engines, for real."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.tools import wait_until
from tests.support.voice import make_voice
from tests.support.voice_files import install
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.jobs import Done
from ttsmonitor.synthesis.synthesizer import Synthesizer

HELLO = SpeechRequest(text="Hola, soy Moxie hablando en español.")
LONG = SpeechRequest(text="Había una vez un robot que quería bailar. " * 40)


@pytest.fixture
def espeak(tmp_path: Path) -> Iterator[Synthesizer]:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path))
    synthesizer.start()
    yield synthesizer
    synthesizer.stop()


def samples(blocks: list[Block]) -> np.ndarray:
    return np.frombuffer(b"".join(block.pcm for block in blocks), dtype="<i2")


def seconds(blocks: Iterable[Block]) -> float:
    return sum(block.seconds for block in blocks)


def loudness(sound: np.ndarray, window: int = 441) -> np.ndarray:
    """Root mean square of each 20 ms."""
    whole = sound[: len(sound) // window * window].astype(np.float64).reshape(-1, window)
    return np.asarray(np.sqrt((whole**2).mean(axis=1)))


def test_espeak_speaks_at_once_without_any_voice_file(espeak: Synthesizer) -> None:
    blocks = list(espeak.speak(HELLO))
    sound = samples(blocks)
    assert espeak.error == ""
    assert espeak.engine == "espeak es"
    assert len(blocks) > 10
    assert 1.0 < sum(block.seconds for block in blocks) < 5.0
    assert np.abs(sound).max() > 5000


def test_speed_and_language_change_the_sound(espeak: Synthesizer) -> None:
    normal = seconds(espeak.speak(HELLO))
    assert seconds(espeak.speak(replace(HELLO, speed=2.0))) < normal * 0.7
    assert seconds(espeak.speak(replace(HELLO, lang="en-GB"))) != normal
    assert espeak.engine == "espeak en"
    assert seconds(espeak.speak(replace(HELLO, lang="xx"))) == pytest.approx(normal, rel=0.02)


def test_cancelled_job_ends_early_and_next_is_whole(espeak: Synthesizer) -> None:
    whole = sum(block.seconds for block in espeak.speak(LONG))
    heard = 0.0
    for block in espeak.speak(LONG):
        if heard == 0.0:
            espeak.cancel()
        heard += block.seconds
    assert heard < whole / 2
    next_one = list(espeak.speak(HELLO))
    assert sum(block.seconds for block in next_one) > 1.0


def test_abandoned_job_does_not_leak_into_next_job(espeak: Synthesizer) -> None:
    expected = loudness(samples(list(espeak.speak(HELLO))))
    for _block in espeak.speak(LONG):
        break
    espeak.cancel()
    sound = loudness(samples(list(espeak.speak(HELLO))))
    assert abs(len(sound) - len(expected)) <= 1  # eSpeak NG is never twice quite the same
    length = min(len(sound), len(expected))
    assert np.corrcoef(sound[:length], expected[:length])[0, 1] > 0.95


def test_prefetched_request_is_begun_at_once_and_made_once(espeak: Synthesizer) -> None:
    alone = pytest.approx(seconds(espeak.speak(HELLO)), rel=0.02)
    espeak.prefetch(HELLO)
    for later in (LONG, SpeechRequest(text="Adiós.")):  # before anybody asks for the first
        espeak.prefetch(later)
    connection, number = espeak._connection, espeak._newest
    assert connection is not None
    assert connection.poll(10), "nobody has asked for it yet"
    assert seconds(espeak.speak(HELLO)) == alone
    assert espeak._newest == number, "it was made a second time"
    espeak.prefetch(LONG)
    assert seconds(espeak.speak(HELLO)) == alone


def test_cached_sound_is_not_prefetched(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1_000_000)
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path), cache=cache)
    synthesizer.start()
    try:
        first = samples(list(synthesizer.speak(HELLO)))
        synthesizer.prefetch(HELLO)
        assert synthesizer._ahead is None
        assert np.array_equal(samples(list(synthesizer.speak(HELLO))), first)
    finally:
        synthesizer.stop()


def test_cancelled_prefetch_leaves_no_trace(espeak: Synthesizer) -> None:
    alone = pytest.approx(seconds(espeak.speak(HELLO)), rel=0.02)
    espeak.prefetch(LONG)
    assert seconds(espeak.speak(HELLO)) == alone
    assert seconds(espeak.speak(HELLO)) == alone


def test_killed_process_costs_one_utterance_and_restarts(espeak: Synthesizer) -> None:
    assert espeak.pid is not None
    with pytest.raises(SynthesisError, match="died"):
        for number, _block in enumerate(espeak.speak(LONG)):
            if number == 0:
                os.kill(espeak.pid, signal.SIGKILL)
    assert "died" in espeak.error
    assert espeak.restarts == 0
    assert sum(block.seconds for block in espeak.speak(HELLO)) > 1.0
    assert espeak.error == ""
    assert espeak.restarts == 1


def test_hanging_process_is_replaced(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path), hang_seconds=0.3)
    synthesizer.start()
    assert synthesizer.pid is not None
    os.kill(synthesizer.pid, signal.SIGSTOP)
    try:
        with pytest.raises(SynthesisError, match="did not answer"):
            list(synthesizer.speak(HELLO))
        assert list(synthesizer.speak(HELLO))
    finally:
        synthesizer.stop()


def test_hanging_process_is_replaced_despite_early_interrupts(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path), hang_seconds=0.4)
    synthesizer.start()
    assert synthesizer.pid is not None
    os.kill(synthesizer.pid, signal.SIGSTOP)

    def speak_and_interrupt() -> None:
        interrupt = threading.Timer(0.1, synthesizer.cancel)
        interrupt.start()
        assert list(synthesizer.speak(HELLO)) == []
        interrupt.join()

    try:
        with pytest.raises(SynthesisError, match="did not answer"):
            for _ in range(20):
                speak_and_interrupt()
        assert list(synthesizer.speak(HELLO))
    finally:
        synthesizer.stop()


def test_cancelled_job_ends_although_process_hangs(espeak: Synthesizer) -> None:
    assert espeak.pid is not None
    os.kill(espeak.pid, signal.SIGSTOP)
    heard: list[Block] = []
    speaking = threading.Thread(target=lambda: heard.extend(espeak.speak(HELLO)))
    speaking.start()
    wait_until(lambda: espeak._number, "the job")
    espeak.cancel()
    speaking.join(5)
    assert not speaking.is_alive() and not heard
    os.kill(espeak.pid, signal.SIGCONT)
    assert list(espeak.speak(HELLO))


def test_voice_prepared_while_idle_speaks_whole_sentences(
    tmp_path: Path,
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = Synthesizer(EngineConfig(engine="auto", voice="none", voice_dir=tmp_path))
    synthesizer.start()
    try:
        synthesizer.prepare(SpeechRequest("Hola.", voice="tiny"))
        synthesizer.prepare(SpeechRequest("Hola.", voice="espeak"))
        assert list(synthesizer.speak(SpeechRequest("Hola.", voice="espeak")))
        assert synthesizer.engine == "espeak es"
        assert list(synthesizer.speak(SpeechRequest("Hola.", voice="tiny")))
        assert synthesizer.engine == "piper tiny"
    finally:
        synthesizer.stop()


def test_voice_slower_than_speech_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = Synthesizer(EngineConfig(engine="piper", voice="tiny", voice_dir=tmp_path))
    synthesizer.start()
    receive = synthesizer._receive

    def receive_slowly(is_over: Callable[[], bool]) -> object:
        message = receive(is_over)
        if isinstance(message, Done):
            assert 0 < message.slowness < 1, "the process did not tell how fast it is"
            return replace(message, slowness=1.26)
        return message

    try:
        list(synthesizer.speak(HELLO))
        assert synthesizer.warning == ""
        monkeypatch.setattr(synthesizer, "_receive", receive_slowly)
        list(synthesizer.speak(HELLO))
        assert "tiny needs 1.3 s for a second of sound" in synthesizer.warning
    finally:
        synthesizer.stop()


def test_process_ends_with_its_owner(espeak: Synthesizer) -> None:
    pid = espeak.pid
    assert pid is not None and espeak.is_alive
    espeak.stop()
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the synthesis process")


def test_stop_does_not_wait_for_a_loading_voice(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path))
    starting = threading.Thread(target=synthesizer.start)
    starting.start()
    pid = wait_until(lambda: synthesizer.pid, "the process")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # it will never be ready
    synthesizer.stop()
    starting.join(10)
    assert not starting.is_alive()
    assert not synthesizer.is_alive
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "the end of the synthesis process")
    synthesizer.start()
    assert synthesizer.pid is None, "stopped is stopped"


def test_missing_piper_voice_is_named_with_remedy(tmp_path: Path) -> None:
    synthesizer = Synthesizer(
        EngineConfig(engine="piper", voice="es_ES-davefx-medium", voice_dir=tmp_path)
    )
    synthesizer.start()
    try:
        assert "download_voice es_ES-davefx-medium" in synthesizer.error
        with pytest.raises(SynthesisError, match="is not installed"):
            list(synthesizer.speak(HELLO))
    finally:
        synthesizer.stop()


def test_auto_speaks_with_espeak_where_no_voice_is_installed(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="auto", voice="x", voice_dir=tmp_path))
    synthesizer.start()
    try:
        assert list(synthesizer.speak(HELLO))
        assert synthesizer.engine == "espeak es"
        assert synthesizer.error == ""
    finally:
        synthesizer.stop()


def test_niceness_lowers_the_priority_of_the_process(tmp_path: Path) -> None:
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path, niceness=7))
    synthesizer.start()
    try:
        assert synthesizer.pid is not None
        mine, its = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, synthesizer.pid))
        assert its == min(19, mine + 7)
    finally:
        synthesizer.stop()


def test_cached_sound_comes_with_its_remark(tmp_path: Path) -> None:
    install(tmp_path, "davefx")
    install(tmp_path, "amy", "en-us")
    config = EngineConfig(engine="auto", voice="davefx", voice_dir=tmp_path)
    synthesizer = Synthesizer(config, cache=SoundCache(tmp_path / "sounds", 10_000_000))
    synthesizer.start()
    why = "the voice amy reads en-us, and the text is es; piper davefx speaks instead"
    try:
        for voice, engine, remark in [
            ("amy", "piper davefx", why),
            ("amy", "piper davefx, cached", why),
            ("", "piper davefx, cached", ""),
        ]:
            assert list(synthesizer.speak(SpeechRequest("Hola.", lang="es", voice=voice)))
            assert (synthesizer.engine, synthesizer.remark) == (engine, remark)
    finally:
        synthesizer.stop()


def test_text_in_two_languages_has_two_sounds(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path / "sounds", 10_000_000)
    sounds = []
    for lang in ("es", "en", "es"):
        config = EngineConfig(engine="auto", voice="none", voice_dir=tmp_path, lang=lang)
        synthesizer = Synthesizer(config, cache=cache)
        synthesizer.start()
        try:
            sounds.append(samples(list(synthesizer.speak(SpeechRequest("Once a year.")))))
        finally:
            synthesizer.stop()
    assert np.array_equal(sounds[0], sounds[2])
    assert not np.array_equal(sounds[0], sounds[1])
