"""Split a voice, measure its stages, and prove that they give what the whole voice gives.

A program of its own, because `onnx` and the whole model would stay in the caller's memory:

    python -m ttsmonitor.synthesis.piper.graph_split VOICE.onnx DIRECTORY
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from ttsmonitor.synthesis.base import EngineConfig
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.memory import CUTTING_PER_FILE_BYTE, PROCESS_BYTES, limit_memory
from ttsmonitor.synthesis.piper.fingerprint import stages_name
from ttsmonitor.synthesis.piper.graph import UncuttableError, cut
from ttsmonitor.synthesis.piper.script import Script
from ttsmonitor.synthesis.piper.sharing import like_parent
from ttsmonitor.synthesis.piper.speech import Speech
from ttsmonitor.synthesis.piper.stages import Stages, inputs_for, session

CONTEXTS = (8, 10, 11, 12, 16, 24, 32, 48, 64, 96)
"""Frames on each side of a window that are tried, until it gives what the whole run gives."""
CONTEXT_TOLERANCE = 1e-5
"""Difference to the whole run that a window may have, of its largest value."""
PROBE_FRAMES = 320
PROBE_PHONEMES = 48
NO_NOISE = (0.0, 1.0, 0.0)
MOST_DIFFERENCE = 1e-4
"""Between the samples of the stages and those of the whole voice; one step of 16 bits is 3e-5."""
STALE_SECONDS = 3600
"""After so long, whoever left half-made parts is gone."""


def cut_into(model: Path, target: Path) -> None:
    """Split `model` into the directory `target`, which appears whole or not at all.

    Raises UncuttableError where that cannot be done.
    """
    aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=".cutting-"))
    try:
        _make(model, aside)
        if target.name != stages_name(model):
            raise UncuttableError("it was replaced while it was split")
        like_parent(aside)
        for path in aside.iterdir():
            like_parent(path)
        _put(aside, target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _clean_up(target)


def _put(aside: Path, target: Path) -> None:
    try:
        aside.rename(target)
    except OSError:
        if (target / "stages.json").exists():
            return  # Another process was faster; its files are as good.
        shutil.rmtree(target)  # what is left of parts, after a power cut or a hand's mistake
        aside.rename(target)


def _clean_up(target: Path) -> None:
    """Remove the stages of former states of the voice and the leftovers of killed runs."""
    former = re.compile(re.escape(target.name[:-12]) + "[0-9a-f]{12}")
    for path in target.parent.iterdir():
        is_former = path != target and former.fullmatch(path.name)
        with contextlib.suppress(OSError):  # another process may have removed it
            age = time.time() - path.stat().st_mtime
            if is_former or (path.name.startswith(".cutting-") and age > STALE_SECONDS):
                shutil.rmtree(path, ignore_errors=True)


def _make(model: Path, directory: Path) -> None:
    graph = onnx.load(str(model))
    try:
        _make_proven(model, graph, directory, with_flow=True)
    except Exception:  # whatever is wrong with a flow of its own: it can stay with the text
        (directory / "flow.onnx").unlink(missing_ok=True)
        _make_proven(model, graph, directory, with_flow=False)


def _make_proven(model: Path, graph: Any, directory: Path, *, with_flow: bool) -> None:
    description = json.loads(model.with_name(f"{model.name}.json").read_text(encoding="utf-8"))
    ids = _probe(description)
    parts: dict[str, Any] = {
        "inputs": cut(graph, directory, with_flow=with_flow),
        "sample_rate": int(description["audio"]["sample_rate"]),
    }
    _write(directory, parts | {"flow_context": 0, "decoder_context": 0, "hop": 0})
    _write(directory, parts | _measure(Stages(directory), ids))
    _prove(session(model), Stages(directory), ids, int(description["num_speakers"]))


def _write(directory: Path, parts: dict[str, Any]) -> None:
    (directory / "stages.json").write_text(json.dumps(parts))


def _probe(description: dict[str, Any]) -> list[int]:
    """Return a test sentence: some of the voice's phonemes, joined as Piper joins them."""
    phonemes = description["phoneme_id_map"]
    known = [each for name, ids in phonemes.items() if name not in ("_", "^", "$") for each in ids]
    pad = phonemes.get("_", [0])
    inner = [each for phoneme in known[:PROBE_PHONEMES] for each in (phoneme, *pad)]
    return [*phonemes.get("^", []), *pad, *inner, *phonemes.get("$", [])]


def _measure(stages: Stages, ids: list[int]) -> dict[str, int]:
    """Measure the context of flow and decoder and the samples per frame."""
    channels = stages.read(ids, NO_NOISE, 0)[0].shape[1]
    noise = np.random.default_rng(0).normal(size=(1, channels, PROBE_FRAMES)).astype(np.float32)
    sound = stages.decoder(noise, 0)
    hop = len(sound) // PROBE_FRAMES
    decoder = _context(lambda window: stages.decoder(window, 0), noise, sound, "decoder")
    flow = 0
    if stages.has_flow:
        latent = stages.flow(noise, 0)[0].T
        flow = _context(lambda window: stages.flow(window, 0)[0].T, noise, latent, "flow")
    return {"flow_context": flow, "decoder_context": decoder, "hop": hop}


def _context(run: Callable[[Samples], Samples], noise: Samples, whole: Samples, name: str) -> int:
    """Return the least context with which a window gives what the whole run gives."""
    start, stop = PROBE_FRAMES // 2 - 8, PROBE_FRAMES // 2 + 8
    step = len(whole) // PROBE_FRAMES
    wanted = whole[start * step : stop * step]
    tolerance = CONTEXT_TOLERANCE * max(1.0, float(np.abs(wanted).max()))
    for context in CONTEXTS:
        window = run(noise[:, :, start - context : stop + context])
        inner = window[context * step : (context + stop - start) * step]
        if inner.shape == wanted.shape and np.abs(inner - wanted).max() < tolerance:
            return context
    raise UncuttableError(f"its {name} looks too far around")


def _prove(
    voice: onnxruntime.InferenceSession, stages: Stages, ids: list[int], speakers: int
) -> None:
    """Compare the stages with the whole voice, for its first speaker and its last."""
    for speaker in sorted({0, max(speakers, 1) - 1}):
        whole = _whole(voice, ids, speaker)
        streamed = np.concatenate(list(Speech(stages, Script(ids), NO_NOISE, speaker).blocks()))
        if streamed.shape != whole.shape:
            raise UncuttableError(f"its stages give {streamed.size} samples, not {whole.size}")
        difference = float(np.abs(streamed - whole).max())
        if not difference <= MOST_DIFFERENCE:
            raise UncuttableError(f"its stages differ from the whole by {difference:.1g}")


def _whole(voice: onnxruntime.InferenceSession, ids: list[int], speaker: int) -> Samples:
    given = inputs_for(ids, NO_NOISE, speaker)
    wanted = [value.name for value in voice.get_inputs()]
    made: Samples = voice.run(None, {name: given[name] for name in wanted})[0]
    return made.ravel()


def _limit(model: Path) -> None:
    """Limit the memory of this process: a model can ask for any amount of it."""
    taken_bytes = PROCESS_BYTES + CUTTING_PER_FILE_BYTE * model.stat().st_size
    limit_memory(taken_bytes, EngineConfig.headroom_bytes)


if __name__ == "__main__":
    try:
        _limit(Path(sys.argv[1]))
        cut_into(Path(sys.argv[1]), Path(sys.argv[2]))
    except Exception as exc:
        sys.exit(f"{exc}")
