"""Which voice speaks: by name, by language, within a bound of memory."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.voice import make_voice
from ttsmonitor.exceptions import VoiceNotFoundError
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.voices import choose_voice
from ttsmonitor.synthesis.worker import Engines


def install(directory: Path, name: str, lang: str = "es") -> Path:
    model = make_voice(directory / f"{name}.onnx")
    description = model.with_name(f"{model.name}.json")
    config = json.loads(description.read_text())
    config["espeak"]["voice"] = lang
    description.write_text(json.dumps(config))
    return model


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    for name, lang in [("davefx", "es"), ("amy", "en-us"), ("alan", "en-gb"), ("siwis", "fr")]:
        install(tmp_path, name, lang)
    return EngineConfig(engine="auto", voice="davefx", voice_dir=tmp_path)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (SpeechRequest("x"), "davefx"),
        (SpeechRequest("x", lang="es-MX"), "davefx"),
        (SpeechRequest("x", lang="en-GB"), "alan"),
        (SpeechRequest("x", lang="en_US"), "amy"),
        (SpeechRequest("x", lang="fr"), "siwis"),
        (SpeechRequest("x", lang="de"), None),
        (SpeechRequest("x", voice="espeak"), None),
        (SpeechRequest("x", voice="siwis", lang="en"), "siwis"),
        (SpeechRequest("x", voice="gone", lang="fr"), "siwis"),
        (SpeechRequest("x", voice="gone"), "davefx"),
    ],
)
def test_a_voice_is_chosen_by_name_else_by_language(
    config: EngineConfig, request_: SpeechRequest, name: str | None
) -> None:
    voice = choose_voice(config, request_)
    assert (voice.name if voice else None) == name


def test_piper_alone_reads_another_language_with_the_default_voice(config: EngineConfig) -> None:
    only = EngineConfig(engine="piper", voice="davefx", voice_dir=config.voice_dir)
    voice = choose_voice(only, SpeechRequest("x", lang="de"))
    assert voice is not None and voice.name == "davefx"
    with pytest.raises(VoiceNotFoundError, match="download_voice gone"):
        choose_voice(EngineConfig("piper", "gone", config.voice_dir), SpeechRequest("x"))


def test_the_least_used_voice_goes_when_the_bound_is_reached(
    config: EngineConfig, caplog: pytest.LogCaptureFixture
) -> None:
    size = (config.voice_dir / "davefx.onnx").stat().st_size
    loads: list[str] = []
    engines = Engines(
        EngineConfig("auto", "davefx", config.voice_dir, loaded_bytes=round(2.5 * size)),
        on_loading=lambda: loads.append("loading"),
    )
    caplog.set_level(logging.INFO)

    def use(name: str) -> object:
        return engines.choose(SpeechRequest("x", voice=name))

    first = use("davefx")
    use("amy")
    assert use("davefx") is first, "it stays loaded"
    use("alan")
    assert "let go of the voice amy" in caplog.text
    assert use("davefx") is first, "the one that was used last stays"
    assert engines.loaded_bytes <= 2.5 * size
    assert len(loads) == 3


def test_a_voice_over_the_bound_is_loaded_alone(config: EngineConfig) -> None:
    engines = Engines(
        EngineConfig("auto", "davefx", config.voice_dir, loaded_bytes=1), on_loading=lambda: None
    )
    engines.choose(SpeechRequest("x"))
    engines.choose(SpeechRequest("x", voice="amy"))
    assert engines.loaded_bytes == (config.voice_dir / "amy.onnx").stat().st_size


def test_a_voice_that_is_replaced_is_loaded_anew_and_once(config: EngineConfig) -> None:
    engines = Engines(config, on_loading=lambda: None)
    first = engines.choose(SpeechRequest("x"))
    make_voice(config.voice_dir / "davefx.onnx", speakers=2)
    second = engines.choose(SpeechRequest("x"))
    assert second is not first
    assert engines.loaded_bytes == (config.voice_dir / "davefx.onnx").stat().st_size
