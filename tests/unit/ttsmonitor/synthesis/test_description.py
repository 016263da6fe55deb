"""The checks of a voice's description before it is used."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.support.voice import make_voice
from tests.support.voice_files import describe
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.base import EngineConfig, SpeechRequest
from ttsmonitor.synthesis.choice import choose_voice
from ttsmonitor.synthesis.piper.description import MOST_BYTES, NUMBERS
from ttsmonitor.synthesis.piper.voices import read_voice


def with_field(name: str, value: object) -> dict[str, Any]:
    """The part of a tiny voice's description that has `name`, changed."""
    whole: dict[str, Any] = {
        "audio": {"sample_rate": 22_050},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
    }
    parent, _dot, key = name.rpartition(".")
    return {parent: whole[parent] | {key: value}} if parent else {key: value}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -1, 1e5, 10**400, "1", None, True, [], {}], ids=repr
)
def test_unusable_number_is_refused_by_name(tmp_path: Path, number: Any, value: object) -> None:
    model = describe(make_voice(tmp_path / "tiny.onnx"), **with_field(number.name, value))
    with pytest.raises(SynthesisError) as caught:
        read_voice(model)
    said = str(caught.value)
    assert f"{model}.json" in said and f"{number.name} is " in said
    assert f"from {number.low:g} to {number.high:g}" in said and "Download the voice again" in said


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_numbers_at_range_limits_are_accepted(tmp_path: Path, number: Any) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    kind = int if number.is_whole else float
    for value in (kind(number.low), kind(number.high)):
        describe(model, **with_field(number.name, value))
        assert read_voice(model).name == "tiny"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"phoneme_id_map": {"a": [256]}}, r"phoneme_id_map\['a'\] is \[256\]; .* from 0 to 255"),
        ({"phoneme_id_map": {"a": [-1]}}, r"phoneme_id_map\['a'\]"),
        ({"phoneme_id_map": {"a": [1.5]}}, r"phoneme_id_map\['a'\]"),
        ({"phoneme_id_map": {"a": 1}}, r"phoneme_id_map\['a'\]"),
        ({"phoneme_id_map": {}}, "phoneme_id_map is {}"),
        ({"phoneme_id_map": [1]}, "phoneme_id_map is"),
        ({"audio": 22_050}, "audio is 22050; it has to be an object"),
        ({"inference": None}, "inference is None; it has to be an object"),
        ({"espeak": {}}, "espeak.voice is missing"),
        ({"espeak": {"voice": 7}}, "espeak.voice is 7"),
        ({"num_symbols": None}, "num_symbols is None"),
    ],
    ids=str,
)
def test_unusable_structure_is_refused_by_name(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    model = describe(make_voice(tmp_path / "tiny.onnx"), **fields)
    with pytest.raises(SynthesisError, match=said):
        read_voice(model)


@pytest.mark.parametrize(
    "content",
    ["[]", "7", "null", '"x"', "[" * 100_000, " " * (MOST_BYTES + 1) + "{}"],
    ids=["list", "number", "null", "text", "deep", "large"],
)
def test_invalid_description_file_is_refused(tmp_path: Path, content: str) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    model.with_name("tiny.onnx.json").write_text(content)
    with pytest.raises(SynthesisError, match="does not describe a Piper voice"):
        read_voice(model)


def test_ids_up_to_256_are_accepted_beyond_num_symbols(tmp_path: Path) -> None:
    model = describe(make_voice(tmp_path / "tiny.onnx"), num_symbols=130)
    assert read_voice(model).name == "tiny"
    describe(model, num_symbols=300, phoneme_id_map={"a": [299]})
    assert read_voice(model).name == "tiny"


def test_voice_with_an_unusable_number_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    (tmp_path / "from").mkdir()
    model = make_voice(tmp_path / "from" / "es_ES-tiny-low.onnx")
    describe(model, inference={"length_scale": 1e5})
    with pytest.raises(CommandError, match=r"inference\.length_scale is 100000\.0.*from 0\.2 to 5"):
        call_command("download_voice", "--from", str(model))
    assert not list(tmp_path.glob("voices/*"))


def test_installing_voice_without_language_warns(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("TTS_VOICE_DIR", str(tmp_path / "voices"))
    (tmp_path / "from").mkdir()
    model = describe(make_voice(tmp_path / "from" / "es_ES-tiny-low.onnx"), espeak={"voice": ""})
    call_command("download_voice", "--from", str(model))
    assert "es_ES-tiny-low does not say its language" in caplog.text
    call_command("download_voice", "--list")
    assert "es_ES-tiny-low  ?  22050 Hz" in capsys.readouterr().out


def test_corrected_description_is_read_again(tmp_path: Path) -> None:
    model = describe(make_voice(tmp_path / "tiny.onnx"), num_speakers=-1)
    config = EngineConfig("auto", "tiny", tmp_path)
    assert choose_voice(config, SpeechRequest("x")).is_fallback
    describe(model, num_speakers=1)
    choice = choose_voice(config, SpeechRequest("x"))
    assert (str(choice.label), choice.remark) == ("piper tiny", "")
    assert json.loads(Path(f"{model}.json").read_text())["num_speakers"] == 1
