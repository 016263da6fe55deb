"""A voice run in stages gives what it gives when run whole."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.voice import make_voice
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.piper import graph_split
from ttsmonitor.synthesis.piper.fingerprint import fingerprint, stages_name
from ttsmonitor.synthesis.piper.graph import UncuttableError
from ttsmonitor.synthesis.piper.script import Script
from ttsmonitor.synthesis.piper.speech import Speech
from ttsmonitor.synthesis.piper.stages import Stages, cut_stages, load_stages, session

IDS = [1, 0, 20, 0, 27, 0, 24, 0, 14, 0, 8, 0, 31, 0, 27, 0, 37, 0, 25, 0, 2]
SCALES = (0.0, 1.0, 0.0)
ALL = ("text", "flow", "decoder")


def whole(model: Path, speaker: int | None = None) -> Samples:
    """The samples that the uncut model gives."""
    feed = {
        "input": np.array([IDS], dtype=np.int64),
        "input_lengths": np.array([len(IDS)], dtype=np.int64),
        "scales": np.array(SCALES, dtype=np.float32),
    }
    if speaker is not None:
        feed["sid"] = np.array([speaker], dtype=np.int64)
    made: Samples = session(model).run(None, feed)[0].ravel()
    return made


def streamed(stages: Stages, speaker: int = 0) -> Samples:
    return np.concatenate(list(Speech(stages, Script(IDS), SCALES, speaker).blocks()))


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("flow", [True, False])
@pytest.mark.parametrize("shaped", [True, False])
def test_streamed_samples_equal_whole_run(
    tmp_path: Path, named: bool, flow: bool, shaped: bool
) -> None:
    model = make_voice(tmp_path / "tiny.onnx", named=named, flow=flow, shaped=shaped)
    expected = whole(model)
    stages = load_stages(model)
    assert len(expected) == len(IDS) * 8 * 64
    assert np.abs(expected).max() > 0.01, "a voice of silence would pass"
    assert np.abs(streamed(stages) - expected).max() < 1e-4
    assert stages.has_flow == flow
    assert (stages.flow_context > 0) == flow


@pytest.mark.parametrize(
    ("channels", "ups"),
    [(8, (4, 4)), (12, (8, 8, 4)), (40, (8, 8, 2, 2))],
    ids=["x_low", "medium", "high"],
)
def test_voices_of_every_quality_run_in_stages(
    tmp_path: Path, channels: int, ups: tuple[int, ...]
) -> None:
    model = make_voice(tmp_path / "tiny.onnx", channels=channels, ups=ups, shaped=False)
    stages = load_stages(model)
    assert stages.hop == np.prod(ups)
    assert np.abs(streamed(stages) - whole(model)).max() < 1e-4


@pytest.mark.parametrize("conditioned", [("decoder",), ("text",), ("flow",), ALL])
def test_stages_keep_every_speaker_as_in_whole_run(
    tmp_path: Path, conditioned: tuple[str, ...]
) -> None:
    model = make_voice(tmp_path / "tiny.onnx", speakers=3, conditioned=conditioned)
    stages = load_stages(model)
    assert stages.has_flow
    sounds = [streamed(stages, speaker) for speaker in range(3)]
    for speaker, sound in enumerate(sounds):
        assert np.abs(sound - whole(model, speaker)).max() < 1e-4
    assert np.abs(sounds[0] - sounds[1]).max() > 0.01


@pytest.mark.parametrize("style", [{"swapped": True, "named": False}, {"listed": True}])
def test_voices_of_other_exporters_run_in_stages(tmp_path: Path, style: dict[str, Any]) -> None:
    model = make_voice(tmp_path / "tiny.onnx", speakers=2, conditioned=ALL, **style)
    stages = load_stages(model)
    assert stages.has_flow
    assert np.abs(streamed(stages, 1) - whole(model, 1)).max() < 1e-4


def decoded(stages: Stages, blocks: tuple[int, ...]) -> Samples:
    speech = Speech(stages, Script(IDS), SCALES)
    return np.concatenate(list(speech.blocks(blocks)))


@pytest.mark.parametrize("blocks", [(1,), (3, 5), (8, 16, 32), (500,)])
def test_block_sizes_do_not_change_the_samples(tmp_path: Path, blocks: tuple[int, ...]) -> None:
    stages = load_stages(make_voice(tmp_path / "tiny.onnx"))
    assert np.abs(decoded(stages, blocks) - decoded(stages, (150,))).max() < 1e-4


def test_bench_voice_streams_same_samples_as_whole_run(bench_model: Path) -> None:
    stages = load_stages(bench_model)
    assert (stages.decoder_context, stages.hop) == (10, 256)
    assert np.abs(streamed(stages) - whole(bench_model)).max() < 1e-4
    for blocks in ((8, 16, 32), (7,)):
        assert np.abs(decoded(stages, blocks) - decoded(stages, (500,))).max() < 1e-4


def test_flow_in_windows_equals_whole_flow(
    bench_model: Path,
) -> None:
    stages = load_stages(bench_model)
    speech = Speech(stages, Script(IDS * 8), SCALES)
    assert len(list(speech.blocks())) > 3
    assert np.abs(speech._latent - stages.flow(speech._noisy, 0)).max() < 1e-4


def test_flow_needing_whole_clause_stays_in_text_stage(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx", wide="flow")
    stages = load_stages(model)
    assert not stages.has_flow
    assert np.abs(streamed(stages) - whole(model)).max() < 1e-4
    assert not (cut_stages(model) / "flow.onnx").exists()


def test_flow_with_different_output_stays_in_text_stage(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx", mask=0.5)
    stages = load_stages(model)
    assert not stages.has_flow
    assert np.abs(streamed(stages) - whole(model)).max() < 1e-4


def test_voice_with_differing_stages_is_not_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_voice(tmp_path / "tiny.onnx", speakers=3)
    (tmp_path / "parts").mkdir()
    target = tmp_path / "parts" / stages_name(model)
    truth = Stages.decoder

    def wrong_for_the_last(self: Stages, latent: Samples, speaker: int) -> Samples:
        return truth(self, latent, 0)

    monkeypatch.setattr(Stages, "decoder", wrong_for_the_last)
    with pytest.raises(UncuttableError, match="differ from the whole by"):
        graph_split.cut_into(model, target)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"ups": (), "named": False}, "no ConvTranspose"),
        ({"wide": "decoder"}, "its decoder looks too far around"),
    ],
)
def test_unsplittable_voice_reports_reason(
    tmp_path: Path, options: dict[str, Any], reason: str
) -> None:
    model = make_voice(tmp_path / "flat.onnx", **options)
    with pytest.raises(SynthesisError, match=reason):
        load_stages(model)
    assert list((tmp_path / ".stages").iterdir()) == [], "half-made parts were left behind"


def test_invalid_model_file_is_reported(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "broken.onnx")
    model.write_bytes(b"not a model")
    with pytest.raises(SynthesisError):
        load_stages(model)


def parts_of(model: Path) -> list[Path]:
    return sorted((model.parent / ".stages").iterdir())


def test_stages_are_kept_until_the_voice_changes(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    other = make_voice(tmp_path / "tiny-2.onnx")
    first, others = cut_stages(model), cut_stages(other)
    made = (first / "decoder.onnx").stat().st_mtime_ns
    assert cut_stages(model) == first
    assert (first / "decoder.onnx").stat().st_mtime_ns == made
    make_voice(model, speakers=2)
    stages = load_stages(model)
    assert np.abs(streamed(stages, 1) - whole(model, 1)).max() < 1e-4
    assert parts_of(model) == sorted([cut_stages(model), others]), "former parts go, others stay"


def test_changed_description_changes_the_voice_state(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    before = fingerprint(model), stages_name(model)
    description = model.with_name("tiny.onnx.json")
    known = json.loads(description.read_text())
    description.write_text(json.dumps(known | {"inference": {"length_scale": 1.5}}))
    assert fingerprint(model) != before[0]
    assert stages_name(model) != before[1]


def test_voice_replaced_while_splitting_leaves_no_stages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    (tmp_path / "parts").mkdir()
    target = tmp_path / "parts" / stages_name(model)
    prove = graph_split._prove

    def replace(*args: Any) -> None:
        prove(*args)
        os.utime(model, (1, 1))

    monkeypatch.setattr(graph_split, "_prove", replace)
    with pytest.raises(UncuttableError, match="replaced"):
        graph_split.cut_into(model, target)
    assert list(target.parent.iterdir()) == []


def test_concurrent_splits_both_get_stages(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    found: list[Path] = []
    cutters = [
        threading.Thread(target=lambda: found.append(cut_stages(model))) for _number in range(2)
    ]
    for cutter in cutters:
        cutter.start()
    for cutter in cutters:
        cutter.join()
    assert found == [cut_stages(model)] * 2
    assert parts_of(model) == [found[0]]


def test_late_split_keeps_existing_stages(
    tmp_path: Path,
) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    directory = cut_stages(model)
    made = (directory / "stages.json").stat().st_ino
    graph_split.cut_into(model, directory)
    assert (directory / "stages.json").stat().st_ino == made
    assert parts_of(model) == [directory]


@pytest.mark.parametrize("name", ["text.onnx", "decoder.onnx", "stages.json"])
@pytest.mark.parametrize("share", [0.0, 0.5])
def test_damaged_stages_are_rebuilt(tmp_path: Path, name: str, share: float) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    part = cut_stages(model) / name
    part.write_bytes(part.read_bytes()[: round(share * part.stat().st_size)])
    assert np.abs(streamed(load_stages(model)) - whole(model)).max() < 1e-4
    assert np.abs(streamed(Stages(part.parent)) - whole(model)).max() < 1e-4, "it is kept now"


@pytest.mark.parametrize("name", ["decoder.onnx", "stages.json"])
def test_missing_stage_file_is_rebuilt(tmp_path: Path, name: str) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    (cut_stages(model) / name).unlink()
    assert np.abs(streamed(load_stages(model)) - whole(model)).max() < 1e-4


def test_old_leftovers_of_killed_split_are_deleted(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    for name in ("old", "new"):
        (tmp_path / ".stages" / f".cutting-{name}").mkdir(parents=True)
    os.utime(tmp_path / ".stages" / ".cutting-old", (1, 1))
    cut_stages(model)
    assert [path.name for path in parts_of(model) if path.name.startswith(".")] == [".cutting-new"]


def test_stages_of_read_only_voice_are_kept_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "voices").mkdir()
    (tmp_path / "voices" / ".stages").write_text("in the way, also of root")
    model = make_voice(tmp_path / "voices" / "tiny.onnx")
    assert np.abs(streamed(load_stages(model)) - whole(model)).max() < 1e-4
    assert cut_stages(model).parent == tmp_path / f"moxie-stages-{os.getuid()}"
