"""The Kokoro engine with a tiny model, real phonemes and a real ONNX Runtime."""

from __future__ import annotations

import gc
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.kokoro_files import SAMPLES_PER_TOKEN, install_kokoro
from tests.support.voice_files import install
from tests.support.voice_mirror import voice_mirror
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice, missing_voice
from ttsmonitor.synthesis.engines import Engines
from ttsmonitor.synthesis.kokoro import download, provider
from ttsmonitor.synthesis.kokoro.engine import TOKENS, KokoroEngine, KokoroRunner, Model
from ttsmonitor.synthesis.kokoro.provider import KokoroProvider, KokoroVoice
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.memory import taken_by
from ttsmonitor.synthesis.piper.catalogue import PublishedFile

LETTERS = {number: symbol for symbol, number in TOKENS.items()}
LONG = "Había una vez un robot que vivía en una casa, con un jardín lleno de flores. Y salía."


class Recorder(Model):
    """A model that records what it is given."""

    def __init__(self) -> None:
        self.given: list[tuple[str, float, float]] = []

    def run(self, tokens: list[int], style: Samples, speed: float) -> Samples:  # type: ignore[override]
        self.given.append(("".join(map(LETTERS.__getitem__, tokens)), float(style[0, 0]), speed))
        return np.zeros(100, dtype=np.float32)


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    install_kokoro(tmp_path)
    return EngineConfig(voice_dir=tmp_path)


def voice_of(name: str, config: EngineConfig) -> KokoroVoice:
    return next(each for each in KokoroProvider().voices(config) if each.name == name)


def spoken(text: str, name: str, config: EngineConfig) -> list[Block]:
    blocks: list[Block] = []
    engine = KokoroProvider().create(voice_of(name, config), config)

    def emit(block: Block) -> bool:
        blocks.append(block)
        return True

    engine.speak(SpeechRequest(text), emit)
    return [block for block in blocks if block.pcm]


def test_spanish_and_english_voices_are_listed_best_first(config: EngineConfig) -> None:
    voices = KokoroProvider().voices(config)
    assert [each.name for each in voices] == ["af_heart", "ef_dora", "af_alloy"]
    assert [each.title for each in voices] == ["Heart", "Dora", "Alloy"]
    assert voices[1].reads("es-MX") and not voices[1].reads("en")


def test_voice_speaks_with_the_time_of_each_word(config: EngineConfig) -> None:
    blocks = spoken("Hola, soy Moxie.", "ef_dora", config)
    assert {block.sample_rate for block in blocks} == {24_000}
    tokens = len("ˈola, sˈoɪ mˈoksje.") + 2
    assert sum(block.seconds for block in blocks) == pytest.approx(
        tokens * SAMPLES_PER_TOKEN / 24_000, abs=0.1
    )
    marks = [mark for block in blocks for mark in block.marks]
    assert [(mark.word, mark.offset) for mark in marks] == [
        ("Hola,", 0),
        ("soy", 6),
        ("Moxie.", 10),
    ]
    assert [mark.seconds for mark in marks] == sorted(mark.seconds for mark in marks)


def test_first_clause_is_heard_before_the_next_is_made(config: EngineConfig) -> None:
    engine = KokoroProvider().create(voice_of("ef_dora", config), config)
    heard: list[Block] = []

    def emit(block: Block) -> bool:
        if block.pcm:
            heard.append(block)
        return not heard

    engine.speak(SpeechRequest(LONG), emit)
    whole = sum(block.seconds for block in spoken(LONG, "ef_dora", config))
    assert 0.3 * whole < sum(block.seconds for block in heard) < 0.6 * whole


def test_speed_and_style_of_the_length_reach_the_model(config: EngineConfig) -> None:
    model = Recorder()
    runner = KokoroRunner(model, voice_of("ef_dora", config))
    runner.sound("ˈola", speed=1.5)
    assert model.given == [("ˈola", 4.0, 1.5)]
    with pytest.raises(SynthesisError, match="none of these phonemes"):
        runner.sound("ħ", speed=1.0)


def test_phonemes_of_the_pronunciation_table_are_spoken(config: EngineConfig) -> None:
    model = Recorder()
    engine = KokoroEngine(voice_of("af_heart", config), lambda voice: model)
    known = (("josé", "hoʊzˈeɪ"),)
    engine.speak(SpeechRequest("Ask José.", phonemes=known), lambda block: True)
    assert model.given[-1][0] == "ˈæsk hOzˈA."


@pytest.mark.parametrize(
    ("voice", "phonemes", "written"),
    [
        ("af_heart", "həlˈoʊ tʃˈaɪld, wˈɜːɹ bˈɛɾɚ", "həlˈO ʧˈIld, wˈɜɹ bˈɛTəɹ"),
        ("ef_dora", "mˈutʃo dʒˈeno, fˈaːɾ", "mˈuʧo ʤˈeno, fˈaːɾ"),
    ],
)
def test_phonemes_are_written_as_the_model_learned_them(
    config: EngineConfig, voice: str, phonemes: str, written: str
) -> None:
    tokens = KokoroRunner(Recorder(), voice_of(voice, config)).tokens(phonemes)
    assert "".join(map(LETTERS.__getitem__, tokens)) == written


def test_voices_share_one_model_while_one_is_loaded(config: EngineConfig) -> None:
    kokoro = KokoroProvider()
    one, other = (kokoro.create(each, config) for each in kokoro.voices(config)[:2])
    assert one._runner.model is other._runner.model  # type: ignore[attr-defined]
    del one, other
    gc.collect()
    assert kokoro._loaded is not None and kokoro._loaded() is None


def test_shared_model_counts_once_in_the_memory_bound(config: EngineConfig) -> None:
    voice = voice_of("ef_dora", config)
    bound = replace(config, loaded_bytes=taken_by([voice.memory_bytes]))
    engines = Engines(bound, lambda: None)
    for name in ("ef_dora", "af_heart"):
        engines.choose(SpeechRequest("x", voice=name))
    assert engines.loaded == ["ef_dora", "af_heart"]


def test_kokoro_speaks_where_piper_has_no_voice(config: EngineConfig) -> None:
    install(config.voice_dir, "davefx")
    assert str(choose_voice(config, SpeechRequest("x", lang="es")).label) == "piper davefx"
    assert str(choose_voice(config, SpeechRequest("x", lang="en")).label) == "kokoro af_heart"
    selection = Engines(config, lambda: None).choose(SpeechRequest("x", voice="ef_dora"))
    assert str(selection.label) == "kokoro ef_dora"


def test_default_voice_may_be_of_kokoro(config: EngineConfig) -> None:
    install(config.voice_dir, "davefx")
    default = replace(config, voice="ef_dora")
    assert str(choose_voice(default, SpeechRequest("x")).label) == "kokoro ef_dora"
    only = replace(config, engine="kokoro")
    assert str(choose_voice(only, SpeechRequest("x")).label) == "kokoro ef_dora"


def test_kokoro_is_named_only_where_it_is_wanted(tmp_path: Path) -> None:
    assert "okoro" not in missing_voice("de", EngineConfig(voice_dir=tmp_path))
    only = EngineConfig(engine="kokoro", voice_dir=tmp_path)
    with pytest.raises(VoiceNotFoundError, match=r"Get them with: .*download_voice kokoro"):
        choose_voice(only, SpeechRequest("x"))


def test_damaged_or_half_copied_files_have_no_voices(config: EngineConfig) -> None:
    directory = config.voice_dir / "kokoro"
    (directory / "voices-v1.0.bin").write_bytes(b"PK, but no archive")
    assert KokoroProvider().voices(config) == ()
    (directory / "voices-v1.0.bin").unlink()
    assert KokoroProvider().voices(config) == ()


def test_damaged_model_is_named_and_replaced(config: EngineConfig) -> None:
    (config.voice_dir / "kokoro/kokoro-v1.0.int8.onnx").write_bytes(b"no model")
    selection = Engines(config, lambda: None).choose(SpeechRequest("x", voice="ef_dora"))
    assert selection.label.engine == "espeak"
    assert "The voice ef_dora cannot be loaded; download it again." in selection.choice.remark


def test_missing_library_is_named_with_its_command(
    config: EngineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "find_spec", lambda name: None)
    selection = Engines(config, lambda: None).choose(SpeechRequest("x", voice="ef_dora"))
    assert "pip install -r requirements-kokoro.txt" in selection.choice.remark


@pytest.mark.parametrize("is_damaged", [False, True])
def test_download_is_checked_and_installed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_damaged: bool
) -> None:
    published = install_kokoro(tmp_path / "published")
    files = tuple(
        PublishedFile(
            file.name,
            (published / file.name).stat().st_size,
            hashlib.sha256((published / file.name).read_bytes()).hexdigest(),
            file.algorithm,
        )
        for file in download.FILES
    )
    monkeypatch.setattr(download, "FILES", files)
    voices = tmp_path / "voices"
    with voice_mirror(tmp_path / "mirror") as mirror:
        shutil.copytree(published, mirror.directory, dirs_exist_ok=True)
        if is_damaged:
            model = mirror.directory / files[1].name
            model.write_bytes(model.read_bytes()[:-1] + b"?")
            with pytest.raises(SynthesisError, match="arrived damaged"):
                download.download_kokoro(voices, source=mirror.url)
            assert list((voices / "kokoro").iterdir()) == []
        else:
            download.download_kokoro(voices, source=mirror.url)
            assert len(KokoroProvider().voices(EngineConfig(voice_dir=voices))) == 3
