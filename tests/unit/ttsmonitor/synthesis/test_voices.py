"""The choice of a voice by name and language, within a bound of memory."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.voice import make_voice
from tests.support.voice_files import describe, install
from ttsmonitor.exceptions import SynthesisError, VoiceNotFoundError
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice
from ttsmonitor.synthesis.engines import UNFIT_SECONDS, Engines
from ttsmonitor.synthesis.memory import loaded_bytes, taken_by
from ttsmonitor.synthesis.piper.voices import read_voice


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    for name, lang in [("davefx", "es"), ("amy", "en-us"), ("cori", "en-gb-x-rp"), ("siwis", "fr")]:
        install(tmp_path, name, lang)
    return EngineConfig(engine="auto", voice="davefx", voice_dir=tmp_path)


def chosen(config: EngineConfig, request: SpeechRequest) -> str:
    return choose_voice(config, request).voice.name


def speaker(engines: Engines, request: SpeechRequest) -> tuple[str, str]:
    """Return the label of the voice that speaks, and the remark."""
    selection = engines.choose(request)
    return str(selection.label), selection.choice.remark


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        (SpeechRequest("x"), "davefx"),
        (SpeechRequest("x", lang="es-MX"), "davefx"),
        (SpeechRequest("x", lang="en-GB"), "cori"),
        (SpeechRequest("x", lang="en_US"), "amy"),
        (SpeechRequest("x", lang="fr"), "siwis"),
        (SpeechRequest("x", lang="it"), "espeak"),
        (SpeechRequest("x", voice="espeak"), "espeak"),
        (SpeechRequest("x", voice="siwis"), "siwis"),
        (SpeechRequest("x", voice="siwis", lang="en-GB"), "cori"),
        (SpeechRequest("x", voice="siwis", lang="it"), "espeak"),
        (SpeechRequest("x", voice="gone", lang="fr"), "siwis"),
        (SpeechRequest("x", voice="gone"), "davefx"),
        (SpeechRequest("x", voice="fr_FR-gone-low"), "siwis"),
        (SpeechRequest("x", voice="de_DE-gone-low"), "espeak"),
    ],
)
def test_voice_is_chosen_by_name_then_by_language(
    config: EngineConfig, request_: SpeechRequest, name: str
) -> None:
    assert chosen(config, request_) == name


def test_voice_of_the_region_is_preferred(tmp_path: Path) -> None:
    for name, lang, code in [
        ("davefx", "es", "es_ES"),
        ("ald", "es-419", "es_MX"),
        ("daniela", "es-419", "es_AR"),
        ("huayan", "cmn", "zh_CN"),
        ("talesyntese", "nb", "no_NO"),
    ]:
        install(tmp_path, name, lang, code=code)
    config = EngineConfig(engine="auto", voice="talesyntese", voice_dir=tmp_path)

    languages = ["es-ES", "es-MX", "es-ar", "es-419", "zh", "nb", "no", "fr"]
    assert [chosen(config, SpeechRequest("x", lang=lang)) for lang in languages] == [
        "davefx",
        "ald",
        "daniela",
        "ald",
        "huayan",
        "talesyntese",
        "talesyntese",
        "espeak",
    ]


@pytest.mark.parametrize("broken", ["cori.onnx", "cori.onnx.json"])
def test_broken_named_voice_fails_only_with_piper_alone(
    config: EngineConfig, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    (config.voice_dir / broken).write_text("")
    request = SpeechRequest("x", lang="es", voice="cori", speaker=1)
    engines = Engines(config, lambda: None)
    name, remark = speaker(engines, request)
    assert name == "piper davefx" and "cori.onnx" in remark
    assert remark in caplog.messages
    with pytest.raises(SynthesisError, match="cori"):
        choose_voice(replace(config, engine="piper"), request)


def spoil(model: Path) -> None:
    """It looks like a voice, as after a download that a captive portal answered."""
    model.write_bytes(b"<html>" * 1_000)


def test_default_voice_replaces_unloadable_one_with_remark(
    config: EngineConfig, caplog: pytest.LogCaptureFixture
) -> None:
    spoil(install(config.voice_dir, "tux"))
    engines = Engines(config, lambda: None)
    _name, remark = speaker(engines, SpeechRequest("x", voice="tux"))
    assert "tux cannot be loaded; download it again" in remark
    assert remark.endswith("; piper davefx speaks instead")
    assert remark in caplog.messages
    assert speaker(engines, SpeechRequest("x")) == ("piper davefx", "")
    with pytest.raises(SynthesisError, match="tux cannot be loaded"):
        only = replace(config, engine="piper")
        Engines(only, lambda: None).choose(SpeechRequest("x", voice="tux"))


def test_voice_of_same_language_replaces_unloadable_default(
    config: EngineConfig,
) -> None:
    spoil(config.voice_dir / "davefx.onnx")
    engines = Engines(config, lambda: None)
    name, remark = speaker(engines, SpeechRequest("x"))
    assert name == "espeak" and "davefx cannot be loaded" in remark
    assert speaker(engines, SpeechRequest("x", lang="fr")) == ("piper siwis", "")
    install(config.voice_dir, "sharvard")
    assert speaker(engines, SpeechRequest("x"))[0] == "piper sharvard"
    assert speaker(engines, SpeechRequest("x", lang="it")) == ("espeak", "")


def test_empty_default_voice_is_replaced_within_its_language(
    config: EngineConfig,
) -> None:
    (config.voice_dir / "davefx.onnx").write_bytes(b"")
    assert speaker(Engines(config, lambda: None), SpeechRequest("x"))[0] == "espeak"
    install(config.voice_dir, "sharvard")
    assert speaker(Engines(config, lambda: None), SpeechRequest("x"))[0] == "piper sharvard"


def test_unloadable_voice_is_retried_when_changed_or_later(
    config: EngineConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []
    engines = Engines(config, lambda: tries.append("loading"))
    request = SpeechRequest("x", voice="siwis")
    install(config.voice_dir, "tom", "fr")
    spoil(config.voice_dir / "siwis.onnx")
    for _ in range(3):
        name, remark = speaker(engines, request)
        assert name == "piper tom" and "siwis cannot be loaded" in remark
    assert len(tries) == 2  # with that of tom
    with monkeypatch.context() as patched:
        later = time.monotonic() + UNFIT_SECONDS + 1
        patched.setattr("time.monotonic", lambda: later)
        engines.choose(request)
    assert len(tries) == 3
    install(config.voice_dir, "siwis", "fr")
    assert speaker(engines, request) == ("piper siwis", "")


def test_speaker_number_applies_to_the_named_voice(
    config: EngineConfig, caplog: pytest.LogCaptureFixture
) -> None:
    install(config.voice_dir, "davefx", speakers=2)
    engine = Engines(config, lambda: None).choose(SpeechRequest("Hola.")).engine

    def said(**fields: Any) -> bytes:
        blocks: list[bytes] = []
        request = SpeechRequest("Hola, soy Moxie.", **fields)
        engine.speak(request, lambda block: not blocks.append(block.pcm))  # type: ignore[func-returns-value]
        return b"".join(blocks)

    assert said(voice="davefx", speaker=1) == said(speaker=1) != said()
    assert said(voice="gone", speaker=1) == said()
    assert said(voice="gone", speaker=7) == said()
    assert not any("has no speaker" in record.message for record in caplog.records)


def test_piper_alone_fails_where_no_voice_is_of_the_language(config: EngineConfig) -> None:
    only = replace(config, engine="piper")
    with pytest.raises(VoiceNotFoundError, match=r"no Piper voice for it .*download_voice NAME"):
        choose_voice(only, SpeechRequest("x", lang="it"))
    with pytest.raises(VoiceNotFoundError, match="davefx reads es, and the text is it; no Piper"):
        choose_voice(only, SpeechRequest("x", lang="it", voice="davefx"))
    with pytest.raises(VoiceNotFoundError, match="download_voice gone"):
        choose_voice(EngineConfig("piper", "gone", config.voice_dir), SpeechRequest("x"))


def test_least_recently_used_voice_is_unloaded_at_the_bound(
    config: EngineConfig, caplog: pytest.LogCaptureFixture
) -> None:
    bound = taken_by([loaded_bytes((config.voice_dir / "davefx.onnx").stat().st_size)] * 2)
    loads: list[str] = []
    engines = Engines(
        EngineConfig("auto", "davefx", config.voice_dir, loaded_bytes=bound),
        on_loading=lambda: loads.append("loading"),
    )
    caplog.set_level(logging.INFO)

    def use(name: str) -> object:
        return engines.choose(SpeechRequest("x", voice=name)).engine

    first = use("davefx")
    use("amy")
    assert use("davefx") is first, "it stays loaded"
    use("cori")
    assert "voice amy unloaded" in caplog.text
    assert use("davefx") is first, "the one that was used last stays"
    assert engines.loaded == ["cori", "davefx"]
    assert len(loads) == 3


def test_voice_over_the_bound_is_loaded_alone(config: EngineConfig) -> None:
    engines = Engines(
        EngineConfig("auto", "davefx", config.voice_dir, loaded_bytes=1), on_loading=lambda: None
    )
    engines.choose(SpeechRequest("x"))
    engines.choose(SpeechRequest("x", voice="amy"))
    assert engines.loaded == ["amy"]


def test_replaced_voice_is_reloaded_once(config: EngineConfig) -> None:
    engines = Engines(config, on_loading=lambda: None)
    first = engines.choose(SpeechRequest("x")).engine
    make_voice(config.voice_dir / "davefx.onnx", speakers=2)
    second = engines.choose(SpeechRequest("x")).engine
    assert second is not first
    assert engines.loaded == ["davefx"]


@pytest.mark.parametrize(
    ("written", "meant"), [("PhonemeType.ESPEAK", "espeak"), ("espeak", "espeak"), ("text", "text")]
)
def test_phoneme_type_is_read_from_enum_name(tmp_path: Path, written: str, meant: str) -> None:
    model = make_voice(tmp_path / "es_MX-ald-medium.onnx")
    description = model.with_name(f"{model.name}.json")
    known = json.loads(description.read_text())
    description.write_text(json.dumps(known | {"phoneme_type": written}))
    assert read_voice(model).config["phoneme_type"] == meant


def test_optional_fields_may_miss_in_a_description(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "old.onnx")
    description = model.with_name(f"{model.name}.json")
    known = json.loads(description.read_text())
    for optional in ("inference", "phoneme_type", "speaker_id_map"):
        del known[optional]
    description.write_text(json.dumps(known | {"phoneme_map": {}, "piper_version": "1.0.0"}))
    engines = Engines(EngineConfig("piper", "old", tmp_path), on_loading=lambda: None)
    assert speaker(engines, SpeechRequest("x")) == ("piper old", "")


@pytest.mark.parametrize(
    ("installed", "default", "tts_lang", "spoken"),
    [
        ("en", "es_ES-davefx-medium", "es", {"": "espeak", "es-MX": "espeak", "en": "en"}),
        ("en", "en", "es", {"": "espeak", "es": "espeak", "en-GB": "en"}),
        ("en", "en", "en", {"": "en", "es": "espeak"}),
        ("es", "es", "es", {"": "es", "es-MX": "es", "en": "espeak"}),
        ("es", "es", "en", {"": "espeak", "es": "es"}),
        ("en es", "es", "es", {"": "es", "en": "en", "es-419": "es"}),
        ("en es", "en", "es", {"": "es", "en": "en"}),
    ],
)
def test_voice_reads_its_own_language_only(
    tmp_path: Path, installed: str, default: str, tts_lang: str, spoken: dict[str, str]
) -> None:
    for lang in installed.split():
        install(tmp_path, lang, lang)
    by_name = EngineConfig("auto", default, tmp_path, lang=tts_lang)
    by_path = replace(by_name, model=tmp_path / f"{default}.onnx")
    for config in (by_name, by_path):
        found = {lang: chosen(config, SpeechRequest("x", lang=lang)) for lang in spoken}
        assert found == spoken


def test_named_voice_of_other_language_is_replaced_with_remark(
    config: EngineConfig,
) -> None:
    engines = Engines(config, lambda: None)
    why = "the voice amy reads en-us, and the text is es; piper davefx speaks instead"
    spanish = SpeechRequest("x", lang="es", voice="amy")
    assert speaker(engines, spanish) == ("piper davefx", why)
    name, remark = speaker(engines, SpeechRequest("x", lang="it", voice="amy"))
    assert name == "espeak"
    assert remark.endswith("and the text is it; espeak it speaks instead")
    english = SpeechRequest("x", voice="amy")
    assert speaker(engines, english) == ("piper amy", "")
    assert engines.choose(english).choice.lang == "en-us"


def test_voice_without_language_reads_texts_naming_it(tmp_path: Path) -> None:
    install(tmp_path, "quiet", "")
    config = EngineConfig("auto", "quiet", tmp_path)
    assert chosen(config, SpeechRequest("x", voice="quiet")) == "quiet"
    assert chosen(config, SpeechRequest("x")) == "espeak"
    assert chosen(config, SpeechRequest("x", lang="es", voice="quiet")) == "espeak"


def test_unreadable_default_voice_is_named_for_its_language(
    config: EngineConfig,
) -> None:
    describe(config.voice_dir / "davefx.onnx", inference={"length_scale": 1e5})
    choice = choose_voice(config, SpeechRequest("x"))
    assert str(choice.label) == "espeak es"
    assert "davefx.onnx.json" in choice.why and "inference.length_scale is 100000.0" in choice.why
    assert choose_voice(config, SpeechRequest("x", lang="fr")).remark == ""
    with pytest.raises(SynthesisError, match="length_scale"):
        choose_voice(replace(config, engine="piper"), SpeechRequest("x"))


def test_piper_alone_advises_a_voice_of_the_texts_language(config: EngineConfig) -> None:
    for model in config.voice_dir.glob("*.onnx"):
        model.unlink()
    only = replace(config, engine="piper", voice="es_ES-davefx-medium")
    with pytest.raises(VoiceNotFoundError, match="download_voice es_ES-davefx-medium"):
        choose_voice(only, SpeechRequest("x", lang="es"))
    with pytest.raises(VoiceNotFoundError, match="download_voice en_US-ljspeech-medium"):
        choose_voice(only, SpeechRequest("x", lang="en"))
    install(config.voice_dir, "en_GB-cori-medium", "en")
    assert choose_voice(only, SpeechRequest("x", lang="en")).voice.name == "en_GB-cori-medium"
