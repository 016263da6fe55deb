"""The Piper engine with a tiny voice in Piper's format."""

from __future__ import annotations

import json
import logging
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.support.tools import manage, running, wait_until
from tests.support.voice import make_voice
from tests.support.voice_mirror import voice_mirror
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.piper.download import download_voice
from ttsmonitor.synthesis.piper.engine import PiperEngine, Spoken
from ttsmonitor.synthesis.piper.fingerprint import stages_name
from ttsmonitor.synthesis.piper.script import Script
from ttsmonitor.synthesis.piper.speech import Scales
from ttsmonitor.synthesis.piper.stages import Stages, cut_stages
from ttsmonitor.synthesis.piper.voices import installed_voices, read_voice
from ttsmonitor.synthesis.synthesizer import Synthesizer

TEXT = "Hola, soy Moxie y hoy vamos a leer un cuento muy bonito. ¿Empezamos?"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Synthesizer]]:
    made: list[Synthesizer] = []

    def make(**config: object) -> Synthesizer:
        values = {"engine": "piper", "voice": "tiny", "voice_dir": tmp_path} | config
        made.append(Synthesizer(EngineConfig(**values)))  # type: ignore[arg-type]
        made[-1].start()
        return made[-1]

    yield make
    for synthesizer in made:
        synthesizer.stop()


def samples(blocks: list[Block]) -> np.ndarray:
    return np.frombuffer(b"".join(block.pcm for block in blocks), "<i2").astype(np.float64)


def test_voice_speaks_in_small_blocks_without_clipping(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = start()
    assert synthesizer.error == ""
    blocks = list(synthesizer.speak(SpeechRequest(text=TEXT)))
    assert synthesizer.engine == "piper tiny"
    assert blocks[0].seconds < 0.1, "the first block should not wait for the others"
    peak = np.abs(samples(blocks)).max() / 32767
    assert 0.5 < peak < 1.0


def test_sentence_sounds_the_same_alone_and_in_context(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = start()
    alone = samples(list(synthesizer.speak(SpeechRequest(text="Hola."))))
    together = samples(list(synthesizer.speak(SpeechRequest(text=f"Hola. {TEXT}"))))
    assert np.array_equal(together[: len(alone)], alone)


def test_words_are_marked_with_the_block_before_they_are_heard(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx", timed=True, frames_per_id=2)
    text = "La casa de la abuela «vieja» tiene un tejado rojo y una puerta muy, muy pequeña. ¿Sí?"
    marked, heard = [], 0.0
    for block in start().speak(SpeechRequest(text=text)):
        for mark in block.marks:
            marked.append((mark.word, heard + mark.seconds))
        heard += block.seconds
    assert [word for word, _seconds in marked] == text.split()
    seconds = [each for _word, each in marked]
    assert seconds == sorted(seconds) and len(set(seconds)) == len(seconds)
    assert seconds[0] < 0.03 and seconds[-1] < heard


def test_phonemes_of_a_word_are_spoken_in_its_place(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = start()

    def sound(text: str, *phonemes: str) -> bytes:
        known = tuple(("moksi", each) for each in phonemes)
        blocks = synthesizer.speak(SpeechRequest(text=text, phonemes=known))
        return b"".join(block.pcm for block in blocks)

    plain = sound("Hola, Moksi.")
    assert sound("Hola, Moksi.", "mˈoksi") == plain  # as eSpeak NG reads the letters
    assert sound("Hola, Moksi.", "mˈʊʃi") != plain
    assert sound("Hola, Moksi.", "Ж") == plain  # no phoneme of this voice
    assert sound("Hola, [[mˈʊʃi]].") != sound("Hola, Moksi.", "mˈʊʃi")  # a text brings none


def test_volume_and_speaker_change_the_sound(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx", speakers=2)
    synthesizer = start()

    def say(**options: object) -> np.ndarray:
        request = SpeechRequest(text="Hola.", **options)  # type: ignore[arg-type]
        return samples(list(synthesizer.speak(request)))

    normal = say()
    assert np.abs(say(volume=0.5)).max() == pytest.approx(np.abs(normal).max() / 2, rel=0.1)
    assert not np.array_equal(say(speaker=1), normal)


def test_voice_without_stages_is_spoken(
    start: Callable[..., Synthesizer], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_voice(tmp_path / "tiny.onnx", ups=(), named=False)
    synthesizer = start()
    assert list(synthesizer.speak(SpeechRequest(text="Hola.")))
    said = capfd.readouterr().err
    assert said.count("sentence by sentence: it has no ConvTranspose") == 1


def load(model: Path) -> PiperEngine:
    """Return an engine in this process."""
    return PiperEngine(read_voice(model))


def said(engine: PiperEngine, text: str = "Hola.", **options: object) -> np.ndarray:
    blocks: list[Block] = []

    def emit(block: Block) -> bool:
        blocks.append(block)
        return True

    engine.speak(SpeechRequest(text=text, **options), emit)  # type: ignore[arg-type]
    return samples(blocks)


def test_voice_with_failing_stages_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("no memory for it")

    model = make_voice(tmp_path / "tiny.onnx")
    cut_stages(model)
    monkeypatch.setattr(Stages, "read", fail)
    assert len(said(load(model)))
    assert [record.args for record in caplog.records if "no memory" in record.getMessage()]


def test_loudness_of_letter_voice_is_measured_with_its_letters(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    description = model.with_name(f"{model.name}.json")
    letters = {letter: [number] for number, letter in enumerate("абвгдеєжзиіклмнопрст", start=14)}
    known = json.loads(description.read_text())
    known["phoneme_id_map"] = {"_": [0], "^": [1], "$": [2], " ": [3], ",": [8]} | letters
    description.write_text(json.dumps(known | {"phoneme_type": "text"}))
    engine = load(model)
    assert not [record for record in caplog.records if "Missing phoneme" in record.getMessage()]
    assert 0.5 < np.abs(said(engine, "привіт, пане")).max() / 32_767 < 1.0


@pytest.mark.parametrize("speakers", [1, 2])
def test_unknown_speaker_is_replaced_by_the_default(
    tmp_path: Path, speakers: int, caplog: pytest.LogCaptureFixture
) -> None:
    engine = load(make_voice(tmp_path / "tiny.onnx", speakers=speakers))
    for _time in range(2):
        for unknown in (2, -1):
            assert np.array_equal(said(engine, speaker=unknown), said(engine))
    lines = [record.getMessage() for record in caplog.records if "speaker" in record.getMessage()]
    assert lines == [
        f"tiny has no speaker {number}; using its default speaker" for number in (2, -1)
    ]


def test_voice_speaks_at_its_own_sample_rate(tmp_path: Path) -> None:
    engine = load(make_voice(tmp_path / "tiny.onnx", channels=8, ups=(8, 4), sample_rate=16_000))
    rates = set()
    engine.speak(SpeechRequest(text="Hola."), lambda block: not rates.add(block.sample_rate))  # type: ignore[func-returns-value]
    assert rates == {16_000}


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("[ONNXRuntimeError] : 6 : std::bad_alloc")], ids=repr
)
def test_sentence_without_memory_fails_and_next_is_spoken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    engine = load(make_voice(tmp_path / "tiny.onnx"))

    def fail(*args: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(Stages, "read", fail)
        with pytest.raises(SynthesisError, match="The voice tiny failed: it needs more memory"):
            said(engine)
    assert len(said(engine))


class Hum:
    """A voice that hums a tone for each sentence, with silence around it like real voices."""

    most_characters = 400
    slowness = 0.0
    is_told = False
    begins: Sequence[float] = ()

    def __init__(self, seconds: float = 0.5) -> None:
        time = np.arange(round(seconds * 22_050)) / 22_050
        fade = np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
        quiet = np.random.default_rng(1).uniform(-0.001, 0.001, 4_000)
        tone = 0.5 * fade * np.sin(2 * np.pi * 220 * time)
        self.sound = np.concatenate([quiet, tone, quiet]).astype(np.float32)

    def speech(self, script: Script, scales: Scales, speaker: int, *, is_first: bool) -> Spoken:
        return self

    def blocks(self) -> Iterator[Samples]:
        for start in range(0, len(self.sound), 2_048):
            yield self.sound[start : start + 2_048]


def test_silence_before_the_first_sentence_is_left_out(tmp_path: Path) -> None:
    engine = load(make_voice(tmp_path / "tiny.onnx"))
    engine._runner = hum = Hum()
    alone, two = said(engine, "Hola."), said(engine, "Hola. Hola.")
    kept = round(0.02 * 22_050)
    assert len(hum.sound) - len(alone) == pytest.approx(4_000 - kept, abs=kept / 2)
    assert len(two) == len(alone) + len(hum.sound), "between sentences the voice pauses"


def test_loudest_volume_is_limited_without_distortion(tmp_path: Path) -> None:
    engine = load(make_voice(tmp_path / "tiny.onnx"))
    engine._runner = Hum(2.0)
    normal, loud = said(engine), said(engine, volume=2.4)
    assert len(loud) == len(normal) and np.abs(loud).max() == pytest.approx(0.85 * 32_767, rel=0.01)
    # Mid-tone it is the same wave, louder; distortion would deviate by 0.2.
    steady = slice(len(normal) // 2, len(normal) // 2 + 10_000)
    gain = np.dot(loud[steady], normal[steady]) / np.dot(normal[steady], normal[steady])
    assert gain > 1.05
    off = np.std(loud[steady] - gain * normal[steady]) / np.std(loud[steady])
    assert off < 0.01


def test_abrupt_end_of_voice_makes_no_click(tmp_path: Path) -> None:
    engine = load(make_voice(tmp_path / "tiny.onnx"))
    engine._runner = hum = Hum()
    hum.sound = hum.sound[:9_020]  # at a peak of its tone
    sound = said(engine)
    largest = np.abs(np.diff(sound)).max() * 1.1
    assert abs(sound[-200:-110]).max() > 10_000 and abs(sound[-1]) < largest


def test_voice_is_selected_by_name_and_missing_one_replaced(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    make_voice(tmp_path / "other.onnx", speakers=2)
    synthesizer = start()
    list(synthesizer.speak(SpeechRequest(text="Hola.", voice="other")))
    assert synthesizer.engine == "piper other"
    list(synthesizer.speak(SpeechRequest(text="Hola.", voice="nobody")))
    assert synthesizer.engine == "piper tiny"


def test_cancelled_sentence_leaves_the_worker_ready(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = start()
    for _block in synthesizer.speak(SpeechRequest(text=TEXT * 20)):
        synthesizer.cancel()
        break
    before = time.monotonic()
    assert list(synthesizer.speak(SpeechRequest(text="Hola.")))
    assert time.monotonic() - before < 10


def test_download_voice_installs_copied_voice_and_refuses_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    (tmp_path / "from").mkdir()
    model = make_voice(tmp_path / "from" / "es_ES-tiny-low.onnx")
    call_command("download_voice", "--from", str(model))
    assert "es_ES-tiny-low is installed" in capsys.readouterr().out
    installed = tmp_path / "voices" / model.name
    assert (tmp_path / "voices" / ".stages" / stages_name(installed) / "stages.json").exists()
    whole = model.read_bytes()
    model.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CommandError, match="is damaged"):
        call_command("download_voice", "--from", str(model))
    assert (tmp_path / "voices" / model.name).read_bytes() == whole
    model.with_name(f"{model.name}.json").write_text(json.dumps({"audio": {}}))
    with pytest.raises(CommandError, match="does not describe a Piper voice"):
        call_command("download_voice", "--from", str(model))


def test_voice_without_stages_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    (tmp_path / "from").mkdir()
    model = make_voice(tmp_path / "from" / "es_ES-tiny-low.onnx", ups=(), named=False)
    with caplog.at_level(logging.INFO):
        call_command("download_voice", "--from", str(model))
    assert (tmp_path / "voices" / model.name).exists()
    assert "sentence by sentence: it has no ConvTranspose" in caplog.text


def test_download_voice_without_network_explains_manual_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    monkeypatch.setenv("TTS_VOICE_SOURCE", "http://127.0.0.1:9")
    with pytest.raises(CommandError, match=r"refused.*copy es_ES-davefx-medium"):
        call_command("download_voice", "es_ES-davefx-medium")
    assert list((tmp_path / "voices").iterdir()) == []


def test_killed_download_leaves_nothing_that_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, voices = "es_MX-claude-high", tmp_path / "voices"
    with voice_mirror(tmp_path / "mirror", name) as mirror:
        mirror.slow_bytes = 1000
        environment = {"TTS_VOICE_DIR": str(voices), "TTS_VOICE_SOURCE": mirror.url}
        with running(manage("download_voice", name), environment) as process:
            wait_until(lambda: list(voices.glob(".fetching-*/*.onnx")), "the download")
            process.signal(signal.SIGKILL)
            process.wait()
        assert installed_voices(voices) == [] and list(voices.glob(".fetching-*"))
        mirror.slow_bytes = 0
        download_voice(name, voices, mirror.url)
    assert [voice.name for voice in installed_voices(voices)] == [name]
    assert not list(voices.glob(".fetching-*"))


def test_directory_of_copied_voices_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    copied = tmp_path / "from"
    copied.mkdir()
    with pytest.raises(CommandError, match="has no voice"):
        call_command("download_voice", "--from", str(copied))
    for name in ("es_ES-uno-low", "en_US-two-low"):
        make_voice(copied / f"{name}.onnx")
    call_command("download_voice", "--from", str(copied))
    printed = capsys.readouterr().out
    assert "es_ES-uno-low is installed" in printed and "en_US-two-low is installed" in printed


def test_missing_piper_package_is_answered_with_requirements_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    voice = read_voice(make_voice(tmp_path / "tiny.onnx"))
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(SynthesisError, match=r"requirements-piper.txt"):
        PiperEngine(voice)
