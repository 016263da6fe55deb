"""Piper's engine in its process, with a tiny voice of its published format."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from tests.voice import make_voice
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
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


def test_a_voice_speaks_in_small_blocks_without_clipping(
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


def test_the_same_text_is_as_loud_whatever_stands_around_it(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    synthesizer = start()
    alone = samples(list(synthesizer.speak(SpeechRequest(text="Hola,"))))
    together = samples(list(synthesizer.speak(SpeechRequest(text=TEXT))))
    assert np.array_equal(together[: len(alone)], alone)


def test_volume_and_speaker_are_heard(start: Callable[..., Synthesizer], tmp_path: Path) -> None:
    make_voice(tmp_path / "tiny.onnx", speakers=2)
    synthesizer = start()

    def say(**options: object) -> np.ndarray:
        request = SpeechRequest(text="Hola.", **options)  # type: ignore[arg-type]
        return samples(list(synthesizer.speak(request)))

    normal = say()
    assert np.abs(say(volume=0.5)).max() == pytest.approx(np.abs(normal).max() / 2, rel=0.1)
    assert not np.array_equal(say(speaker=1), normal)


def test_a_voice_that_cannot_be_cut_is_spoken_all_the_same(
    start: Callable[..., Synthesizer], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_voice(tmp_path / "tiny.onnx", upsampling=False, named=False)
    synthesizer = start()
    assert list(synthesizer.speak(SpeechRequest(text="Hola.")))
    said = capfd.readouterr().err
    assert said.count("cannot be cut: it has no ConvTranspose") == 1


def test_another_voice_is_taken_by_name_and_a_missing_one_replaced(
    start: Callable[..., Synthesizer], tmp_path: Path
) -> None:
    make_voice(tmp_path / "tiny.onnx")
    make_voice(tmp_path / "other.onnx", speakers=2)
    synthesizer = start()
    list(synthesizer.speak(SpeechRequest(text="Hola.", voice="other")))
    assert synthesizer.engine == "piper other"
    list(synthesizer.speak(SpeechRequest(text="Hola.", voice="nobody")))
    assert synthesizer.engine == "piper tiny"


def test_a_cancelled_clause_leaves_the_worker_ready(
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


def test_download_voice_installs_a_copied_voice_and_refuses_a_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    (tmp_path / "from").mkdir()
    model = make_voice(tmp_path / "from" / "es_ES-tiny-low.onnx")
    call_command("download_voice", "--from", str(model))
    assert "es_ES-tiny-low is installed" in capsys.readouterr().out
    whole = model.read_bytes()
    model.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CommandError, match="is broken"):
        call_command("download_voice", "--from", str(model))
    assert (tmp_path / "voices" / model.name).read_bytes() == whole
    model.with_name(f"{model.name}.json").write_text(json.dumps({"audio": {}}))
    with pytest.raises(CommandError, match="does not describe a Piper voice"):
        call_command("download_voice", "--from", str(model))


def test_download_voice_without_network_says_how_to_copy_one_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*args: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    monkeypatch.setattr("piper.download_voices.urlopen", offline)
    with pytest.raises(CommandError, match=r"Network is unreachable.*Copy es_ES-davefx-medium"):
        call_command("download_voice", "es_ES-davefx-medium")
    assert list((tmp_path / "voices").iterdir()) == []


def test_piper_without_its_package_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from ttsmonitor.synthesis.piper import PiperEngine
    from ttsmonitor.synthesis.voices import read_voice

    voice = read_voice(make_voice(tmp_path / "tiny.onnx"))
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(SynthesisError, match=r"requirements-piper.txt"):
        PiperEngine(voice)
