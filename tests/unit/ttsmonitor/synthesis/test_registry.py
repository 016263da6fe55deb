"""Engines that other packages bring, in this process and in the synthesis process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.engine_package import write_engine_package
from tests.support.voice_files import install
from ttsmonitor.checks import check_settings
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.monitor.forms import voice_choices
from ttsmonitor.synthesis import registry
from ttsmonitor.synthesis.base import Block, EngineConfig, SpeechRequest
from ttsmonitor.synthesis.cache import SoundCache
from ttsmonitor.synthesis.choice import choose_voice, missing_voice
from ttsmonitor.synthesis.engines import Engines
from ttsmonitor.synthesis.memory import taken_by
from ttsmonitor.synthesis.registry import discovered, engine_providers
from ttsmonitor.synthesis.synthesizer import Synthesizer
from ttsmonitor.synthesis.voice import VoiceLabel

NAHUATL = SpeechRequest("Niltze, tocniuh.", lang="nah")
Install = Callable[..., None]


@pytest.fixture
def install_hum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put the package on the path, with a fault or another name."""

    def install_package(**environment: str) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        directory = tmp_path / "packages"
        monkeypatch.syspath_prepend(write_engine_package(directory))
        monkeypatch.setenv("PYTHONPATH", str(directory))
        sys.modules.pop("hum_engine", None)
        discovered.cache_clear()

    yield install_package
    discovered.cache_clear()
    sys.modules.pop("hum_engine", None)


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    voices = tmp_path / "voices"
    voices.mkdir()
    install(voices, "davefx")
    return EngineConfig(voice="davefx", voice_dir=voices)


def names() -> list[str]:
    return [provider.name for provider in engine_providers()]


def test_engine_of_another_package_speaks_its_language(
    install_hum: Install, config: EngineConfig, tmp_path: Path
) -> None:
    install_hum()
    cache = SoundCache(tmp_path / "sounds", 10_000_000)
    synthesizer = Synthesizer(config, cache=cache)
    synthesizer.start()
    try:
        for engine in ("hum nahua", "hum nahua, cached"):
            assert sum(block.seconds for block in synthesizer.speak(NAHUATL)) == pytest.approx(0.1)
            assert (synthesizer.engine, synthesizer.remark) == (engine, "")
        assert list(synthesizer.speak(SpeechRequest("Hola.")))
        assert synthesizer.engine == "piper davefx"
        assert list(synthesizer.speak(SpeechRequest("Hallo.", lang="de")))
        assert synthesizer.engine == "espeak de"
    finally:
        synthesizer.stop()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("create", "the engine hum failed: RuntimeError('hum is out of tune')"),
        ("unavailable", "hum needs a licence"),
    ],
)
def test_engine_that_cannot_be_created_is_replaced_and_named(
    install_hum: Install, config: EngineConfig, fault: str, reason: str
) -> None:
    install_hum(HUM_FAULT=fault)
    engines = Engines(config, lambda: None)
    assert engines.choose(NAHUATL).label.engine == "espeak"
    selection = engines.choose(replace(NAHUATL, voice="nahua"))
    assert selection.label.engine == "espeak"
    assert selection.choice.remark == f"{reason}; espeak nah speaks instead"


def test_engine_whose_voices_fail_is_passed_over(
    install_hum: Install, config: EngineConfig, caplog: pytest.LogCaptureFixture
) -> None:
    install_hum(HUM_FAULT="voices")
    assert str(choose_voice(config, NAHUATL).label) == "espeak nah"
    assert "the engine hum failed" in caplog.messages
    named = choose_voice(config, SpeechRequest("x", voice="nahua"))
    assert str(named.label) == "piper davefx"
    assert "the engine hum failed: ZeroDivisionError()" in named.why


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"HUM_FAULT": "import"}, "hum needs a library"),
        ({"HUM_NAME": "piper"}, "'piper' is taken"),
        ({"HUM_NAME": "espeak"}, "'espeak' is taken"),
        ({"HUM_NAME": "auto"}, "'auto' is taken"),
        ({"HUM_NAME": "two words"}, "not a word"),
        ({"HUM_FAULT": "exit"}, "SystemExit: 3"),
        ({"HUM_FAULT": "nonsense"}, "TypeError: 42 is no EngineProvider"),
    ],
)
def test_engine_that_cannot_be_registered_is_left_out(
    install_hum: Install,
    caplog: pytest.LogCaptureFixture,
    environment: dict[str, str],
    reason: str,
) -> None:
    install_hum(**environment)
    assert names() == ["piper", "kokoro", "espeak"]
    assert "cannot load the engine of the entry point hum" in caplog.messages
    (left_out,) = discovered().left_out
    assert left_out.startswith("the engine hum of the package hum-engine is left out: ")
    assert reason in left_out


def test_broken_metadata_of_a_package_leaves_our_engines(
    install_hum: Install, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    install_hum()
    (tmp_path / "packages/hum_engine-1.0.dist-info/entry_points.txt").write_text("[x]\nbroken\n")
    assert names() == ["piper", "kokoro", "espeak"]
    assert "cannot read the entry points of the installed packages" in caplog.messages


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("strings", "'str' object has no attribute 'name'"),
        ("others", "is not a voice of hum"),
        ("mute", "None is no Engine"),
    ],
)
def test_nonsense_of_an_engine_is_named_and_replaced(
    install_hum: Install, config: EngineConfig, fault: str, cause: str
) -> None:
    install_hum(HUM_FAULT=fault)
    engines = Engines(config, lambda: None)
    selection = engines.choose(replace(NAHUATL, voice="nahua"))
    assert selection.label.engine == "espeak"
    assert cause in selection.choice.remark


def test_block_without_a_sample_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="0 Hz"):
        Block(b"\0\0", 0)


def test_only_engine_allowed_speaks_or_says_why(install_hum: Install, config: EngineConfig) -> None:
    install_hum()
    only = EngineConfig(engine="hum", voice="davefx", voice_dir=config.voice_dir)
    assert str(choose_voice(only, NAHUATL).label) == "hum nahua"
    assert str(choose_voice(only, SpeechRequest("x", voice="espeak")).label) == "espeak es"
    with pytest.raises(VoiceNotFoundError, match="hum has no voice for es"):
        choose_voice(only, SpeechRequest("x"))
    with pytest.raises(VoiceNotFoundError, match="hum has no voice davefx; hum has no voice for"):
        choose_voice(only, SpeechRequest("x", voice="davefx"))
    with pytest.raises(SynthesisError, match="the engine gone is not installed"):
        choose_voice(EngineConfig(engine="gone"), NAHUATL)


def test_default_voice_may_be_of_another_package(
    install_hum: Install, config: EngineConfig
) -> None:
    install_hum()
    default = EngineConfig(voice="maya", voice_dir=config.voice_dir, lang="yua")
    assert str(choose_voice(default, SpeechRequest("x")).label) == "hum maya"


def test_voice_of_another_package_is_asked_for_by_name(
    install_hum: Install, config: EngineConfig
) -> None:
    install_hum()
    choice = choose_voice(config, SpeechRequest("x", voice="maya"))
    assert (str(choice.label), choice.lang, choice.remark) == ("hum maya", "yua", "")


def test_voices_of_every_engine_share_the_memory_bound(
    install_hum: Install, config: EngineConfig
) -> None:
    install_hum()
    bound = EngineConfig(voice_dir=config.voice_dir, loaded_bytes=taken_by([1_000_000]))
    engines = Engines(bound, lambda: None)
    for voice in ("davefx", "espeak", "nahua", "maya"):
        engines.choose(SpeechRequest("x", voice=voice))
    assert engines.loaded == ["espeak", "maya"]


def test_setting_takes_any_registered_engine(
    install_hum: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_hum()
    monkeypatch.setenv("TTS_ENGINE", "hum")
    (warning,) = check_settings()
    assert (warning.id, warning.hint) == ("hum.W001", "Lower it.")
    monkeypatch.setenv("TTS_ENGINE", "gone")
    (error,) = check_settings()
    assert error.hint == "Give one of auto, piper, kokoro, hum, espeak."


def test_language_without_a_voice_is_missed_by_every_engine(
    install_hum: Install, config: EngineConfig
) -> None:
    install_hum()
    missing = missing_voice("de", config)
    assert missing.startswith("no Piper voice for de is installed")
    assert missing.endswith("; hum has no voice for de")


def test_voice_form_offers_the_voices_of_every_engine(
    install_hum: Install, config: EngineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_hum()
    monkeypatch.setenv("TTS_VOICE_DIR", str(config.voice_dir))
    assert voice_choices() == {
        "davefx": "davefx",
        "nahua": "nahua",
        "maya": "maya",
        "espeak": "eSpeak NG",
    }


def test_entry_points_are_read_once_and_only_for_external_engines(
    config: EngineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    monkeypatch.setattr(registry, "entry_points", lambda *, group: reads.append(group) or [])  # type: ignore[func-returns-value]
    discovered.cache_clear()
    assert check_settings() == []
    assert reads == []
    for _ in range(3):
        choose_voice(config, SpeechRequest("x"))
    assert reads == [registry.ENTRY_POINTS]


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (VoiceLabel("espeak"), "espeak"),
        (VoiceLabel("piper", "es_ES-davefx-medium"), "piper es_ES-davefx-medium"),
        (VoiceLabel("espeak", "es", is_cached=True), "espeak es, cached"),
    ],
)
def test_label_is_written_as_in_the_history(label: VoiceLabel, text: str) -> None:
    assert str(label) == text
