"""Finished sound on disk: kept whole, bounded, shared."""

from __future__ import annotations

import json
import os
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.voice import make_voice
from ttsmonitor.synthesis.base import Block, EngineConfig, Mark, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.synthesizer import Synthesizer


def sound(byte: int = 1, size: int = 100) -> list[Block]:
    return [Block(bytes([byte]) * size, 22_050), Block(bytes([byte]) * size, 22_050)]


def keep(cache: SoundCache, key: str, blocks: list[Block]) -> None:
    assert list(cache.keep(key, blocks, lambda: True)) == blocks
    for thread in threading.enumerate():
        if thread.name == "ttsmonitor.cache":
            thread.join()


def held(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir())


def pcm(blocks: list[Block] | None) -> bytes:
    assert blocks is not None
    return b"".join(block.pcm for block in blocks)


def test_cached_sound_is_found_by_another_process(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 10_000)
    assert cache.get("a") is None
    keep(cache, "a", sound())
    other = SoundCache(tmp_path, 10_000)
    assert pcm(other.get("a")) == pcm(sound())
    assert (other.hits, cache.misses) == (1, 1)


def test_cached_sound_keeps_its_word_times(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1_000_000)
    second = bytes(2 * 22_050)
    blocks = [
        Block(second, 22_050, (Mark("Hola", 0.05), Mark("señor", 0.7))),
        Block(second, 22_050, (Mark("Moxie", -0.001),)),
    ]
    keep(cache, "a", blocks)
    first, *others = cache.get("a") or []
    assert first.marks == (Mark("Hola", 0.05), Mark("señor", 0.7), Mark("Moxie", 0.999))
    assert others and not any(block.marks for block in others)


@pytest.mark.parametrize("damage", ["cut", "headless", "empty", "flipped", "older", "nothing"])
def test_damaged_file_is_not_used(tmp_path: Path, damage: str) -> None:
    cache, path = SoundCache(tmp_path, 10_000), tmp_path / "a.pcm"
    keep(cache, "a", sound())
    whole = path.read_bytes()
    path.write_bytes(
        {
            "cut": whole[:-50],
            "headless": whole[-200:],
            "empty": whole[:-200],  # of all sound
            "flipped": whole[:-1] + b"\xff",
            "older": b"PCM2" + whole[4:],
            "nothing": b"",
        }[damage]
    )
    assert cache.get("a") is None
    keep(cache, "a", sound(2))
    assert pcm(cache.get("a")) == pcm(sound(2))


def test_read_only_directory_still_serves_its_sounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    cache = SoundCache(tmp_path, 10_000)
    keep(cache, "a", sound())
    monkeypatch.setattr("os.utime", refuse)
    assert pcm(cache.get("a")) == pcm(sound())


def test_foreign_files_are_neither_counted_nor_deleted(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1_000)
    (tmp_path / "song.wav").write_bytes(bytes(5_000))
    (tmp_path / "album").mkdir()
    os.utime(tmp_path / "song.wav", (1, 1))
    keep(cache, "a", sound())
    assert pcm(cache.get("a")) == pcm(sound())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pcm", "album", "song.wav"]


def test_interrupted_sound_is_not_cached(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 10_000)
    for _block in cache.keep("a", sound(), lambda: True):
        break
    assert cache.get("a") is None
    list(cache.keep("a", sound(), lambda: False))
    assert cache.get("a") is None
    assert list(tmp_path.iterdir()) == []


def test_least_recently_used_sounds_are_deleted_when_full(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1_000)
    for number, key in enumerate("abcd"):
        keep(cache, key, sound(number))
        os.utime(tmp_path / f"{key}.pcm", (number, number))
    assert cache.get("a") is not None  # used just now
    keep(cache, "e", sound(9))
    assert cache.get("b") is None
    assert cache.get("a") is not None and cache.get("e") is not None
    assert held(tmp_path) <= 1_000


def test_speaking_thread_never_lists_the_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looking: list[str] = []
    scandir = os.scandir

    def looked(path: Any) -> Any:
        looking.append(threading.current_thread().name)
        return scandir(path)

    monkeypatch.setattr("os.scandir", looked)
    cache = SoundCache(tmp_path, 40_000)
    for number in range(100):
        keep(cache, f"{number}", sound(number))
        assert cache.get(f"{number}") is not None
    assert set(looking) == {"ttsmonitor.cache"}
    assert len(looking) <= 10  # of some 22,000 bytes, each 2,500


def test_two_processes_stay_within_one_limit(tmp_path: Path) -> None:
    caches = [SoundCache(tmp_path, 20_000) for _ in range(2)]
    for number in range(300):
        keep(caches[number % 2], f"{number}", sound(number % 256))
        assert held(tmp_path) <= 20_000
    assert held(tmp_path) > 10_000
    assert caches[0].get("299") is not None


def test_lowered_limit_applies_at_first_sound(tmp_path: Path) -> None:
    before = SoundCache(tmp_path, 100_000)
    for number in range(100):
        keep(before, f"{number}", sound(number))
    cache = SoundCache(tmp_path, 5_000)
    keep(cache, "new", sound())
    assert held(tmp_path) <= 5_000
    assert cache.get("new") is not None


def test_unlistable_directory_does_not_stop_speech(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    cache = SoundCache(tmp_path, 1_000)
    with monkeypatch.context() as patched:
        patched.setattr("os.scandir", refuse)
        keep(cache, "a", sound())
    assert "cleanup of the sound cache failed" in caplog.text
    for key in "bcdefg":
        keep(cache, key, sound())
    assert held(tmp_path) <= 1_000


def test_oversized_or_damaged_sound_is_not_served(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1_000)
    keep(cache, "large", sound(1, 400))
    assert cache.get("large") is None
    (tmp_path / "broken.pcm").write_bytes(b"PC")
    assert cache.get("broken") is None
    keep(cache, "a", sound())
    cache.clear()
    assert cache.get("a") is None


@pytest.mark.parametrize("step", ["write", "replace"])
def test_failed_write_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    cache = SoundCache(tmp_path, 10_000)
    keep(cache, "a", sound(1))
    if step == "write":
        monkeypatch.setattr("builtins.open", full)
    else:
        monkeypatch.setattr("os.replace", full)
    keep(cache, "b", sound(2))
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["a.pcm"]


def test_leftovers_are_deleted_but_not_files_being_written(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1_000)
    (tmp_path / "left.part").write_bytes(bytes(900))
    os.utime(tmp_path / "left.part", (1, 1))
    (tmp_path / "fresh.part").write_bytes(bytes(900))
    keep(cache, "a", sound())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.pcm", "fresh.part"]
    cache.clear()
    assert list(tmp_path.iterdir()) == []


def test_changed_voice_description_is_another_cache_key(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    config = EngineConfig(engine="piper", voice="tiny", voice_dir=tmp_path)
    synthesizer = Synthesizer(config, cache=SoundCache(tmp_path / "sounds", 10_000_000))
    synthesizer.start()
    try:
        request = SpeechRequest(text="Hola, soy Moxie.")
        first = pcm(list(synthesizer.speak(request)))
        assert pcm(list(synthesizer.speak(request))) == first
        assert synthesizer.engine == "piper tiny, cached"
        description = model.with_name("tiny.onnx.json")
        known = json.loads(description.read_text())
        known["audio"]["sample_rate"] = 16_000
        description.write_text(json.dumps(known))
        blocks = list(synthesizer.speak(request))
        assert synthesizer.engine == "piper tiny"
        assert {block.sample_rate for block in blocks} == {16_000}
    finally:
        synthesizer.stop()


def test_sound_of_substitute_voice_is_not_cached(
    tmp_path: Path,
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    make_voice(tmp_path / "junk.onnx").write_bytes(b"<html>" * 1_000)
    config = EngineConfig(engine="auto", voice="tiny", voice_dir=tmp_path)
    synthesizer = Synthesizer(config, cache=SoundCache(tmp_path / "sounds", 10_000_000))
    synthesizer.start()
    try:
        for _ in range(2):
            assert list(synthesizer.speak(SpeechRequest("Hola.", voice="junk")))
            assert synthesizer.engine == "piper tiny"
            assert "junk cannot be loaded; download it again" in synthesizer.remark
        for engine in ("piper tiny", "piper tiny, cached"):
            assert list(synthesizer.speak(SpeechRequest("Hola.")))
            assert (synthesizer.engine, synthesizer.remark) == (engine, "")
    finally:
        synthesizer.stop()


@pytest.fixture
def cached(tmp_path: Path) -> Iterator[Synthesizer]:
    cache = SoundCache(tmp_path / "sounds", 10_000_000)
    synthesizer = Synthesizer(EngineConfig(engine="espeak", voice_dir=tmp_path), cache=cache)
    synthesizer.start()
    yield synthesizer
    synthesizer.stop()


def test_repeated_text_is_synthesized_once(cached: Synthesizer) -> None:
    request = SpeechRequest(text="Hola, soy Moxie.")
    first = pcm(list(cached.speak(request)))
    assert cached.engine == "espeak es"
    assert pcm(list(cached.speak(request))) == first
    assert cached.engine == "espeak es, cached"
    for other in (
        SpeechRequest(text="Hola, soy Moxie.", speed=1.2),
        SpeechRequest(text="Hola, soy Moxie.", lang="en"),
        SpeechRequest(text="Hola, soy Mox."),
    ):
        assert pcm(list(cached.speak(other))) != first
        assert "cached" not in cached.engine


def test_cancelled_sound_is_not_cached(cached: Synthesizer) -> None:
    request = SpeechRequest(text="Había una vez un robot que quería bailar. " * 40)
    heard = 0.0
    for block in cached.speak(request):
        if heard == 0.0:
            cached.cancel()
        heard += block.seconds
    whole = sum(block.seconds for block in cached.speak(request))
    assert "cached" not in cached.engine
    assert whole > 2 * heard


def test_late_cancellation_does_not_affect_next_job(cached: Synthesizer) -> None:
    first, second = object(), object()
    list(cached.speak(SpeechRequest(text="Uno."), first))
    seconds = 0.0
    for block in cached.speak(SpeechRequest(text="Dos, y luego tres."), second):
        cached.cancel(first)
        seconds += block.seconds
    assert seconds > 0.8


def test_sound_too_long_for_cache_is_not_held_in_memory(tmp_path: Path) -> None:
    cache = SoundCache(tmp_path, 1_000)
    made: list[weakref.ref[Block]] = []

    def endless() -> Iterator[Block]:
        for _ in range(100):
            block = Block(bytes(100), 22_050)
            made.append(weakref.ref(block))
            yield block

    for _block in cache.keep("a", endless(), lambda: True):
        assert sum(each() is not None for each in made) < 10
    assert cache.get("a") is None
