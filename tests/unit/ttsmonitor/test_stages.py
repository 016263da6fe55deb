"""A voice run in stages gives what it gives when run whole."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from tests.tools import ROOT
from tests.voice import make_voice
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.stages import Samples, Stages, load_stages

IDS = [1, 0, 20, 0, 27, 0, 24, 0, 14, 0, 8, 0, 31, 0, 27, 0, 37, 0, 25, 0, 2]
SCALES = (0.0, 1.0, 0.0)
BENCH = ROOT.parent / "shared" / "voices" / "bench-medium.onnx"


def whole(model: Path, speaker: int | None = None) -> Samples:
    """The samples that the uncut model gives."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    feed = {
        "input": np.array([IDS], dtype=np.int64),
        "input_lengths": np.array([len(IDS)], dtype=np.int64),
        "scales": np.array(SCALES, dtype=np.float32),
    }
    if speaker is not None:
        feed["sid"] = np.array([speaker], dtype=np.int64)
    made: Samples = session.run(None, feed)[0].ravel()
    return made


def streamed(stages: Stages, speaker: int = 0) -> Samples:
    return np.concatenate(list(stages.speak(IDS, SCALES, speaker)))


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("flow", [True, False])
def test_streamed_samples_equal_the_whole_run(tmp_path: Path, named: bool, flow: bool) -> None:
    model = make_voice(tmp_path / "tiny.onnx", named=named, flow=flow)
    expected = whole(model)
    stages = load_stages(model)
    assert len(expected) == len(IDS) * 8 * 64
    assert np.abs(expected).max() > 0.01, "a voice of silence would pass"
    assert np.abs(streamed(stages) - expected).max() < 1e-4
    assert (stages.flow_context > 0) == flow


def test_each_speaker_of_a_voice_sounds_as_in_the_whole_run(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx", speakers=3)
    stages = load_stages(model)
    sounds = [streamed(stages, speaker) for speaker in range(3)]
    for speaker, sound in enumerate(sounds):
        assert np.abs(sound - whole(model, speaker)).max() < 1e-4
    assert np.abs(sounds[0] - sounds[1]).max() > 0.01


def decoded(stages: Stages, latent: Samples, blocks: tuple[int, ...]) -> Samples:
    windows = iter([latent])
    return np.concatenate(list(stages.decode(windows, latent.shape[2], 0, blocks)))


@pytest.mark.parametrize("blocks", [(1,), (3, 5), (8, 16, 32), (500,)])
def test_block_sizes_do_not_change_the_samples(tmp_path: Path, blocks: tuple[int, ...]) -> None:
    stages = load_stages(make_voice(tmp_path / "tiny.onnx"))
    latent = np.random.default_rng(5).normal(size=(1, 16, 150)).astype(np.float32)
    assert np.abs(decoded(stages, latent, blocks) - decoded(stages, latent, (150,))).max() < 1e-4


@pytest.mark.skipif(not BENCH.exists(), reason="the bench voice is not here")
def test_the_bench_voice_streams_what_it_decodes_whole(tmp_path: Path) -> None:
    model = tmp_path / "bench.onnx"
    os.link(BENCH, model) if os.stat(BENCH).st_dev == os.stat(tmp_path).st_dev else None
    if not model.exists():
        model.symlink_to(BENCH)
    stages = load_stages(model)
    assert (stages.decoder_context, stages.hop) == (12, 256)
    latent = np.random.default_rng(5).normal(size=(1, 192, 120)).astype(np.float32)
    for blocks in ((8, 16, 32), (7,)):
        streamed_samples = decoded(stages, latent, blocks)
        assert np.abs(streamed_samples - decoded(stages, latent, (120,))).max() < 1e-4


def test_the_parts_are_cached_and_made_again_when_the_voice_changes(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "tiny.onnx")
    load_stages(model)
    part = tmp_path / ".stages" / "tiny" / "decoder.onnx"
    first = part.stat().st_mtime_ns
    load_stages(model)
    assert part.stat().st_mtime_ns == first
    make_voice(model, speakers=2)
    stages = load_stages(model)
    assert part.stat().st_mtime_ns != first
    assert np.abs(streamed(stages, 1) - whole(model, 1)).max() < 1e-4


def test_a_voice_that_cannot_be_cut_says_why(tmp_path: Path) -> None:
    model = make_voice(tmp_path / "flat.onnx", upsampling=False, named=False)
    with pytest.raises(SynthesisError, match="no ConvTranspose"):
        load_stages(model)
    assert not (tmp_path / ".stages" / "flat").exists()
    assert not list((tmp_path / ".stages").glob(".cutting-*")), "half-made parts were left behind"


def test_a_file_that_is_no_model_says_so(tmp_path: Path) -> None:
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"not a model")
    with pytest.raises(SynthesisError):
        load_stages(model)
