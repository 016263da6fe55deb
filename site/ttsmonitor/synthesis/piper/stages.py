"""Run a voice in stages, a window at a time; graph.py says what the stages are."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime

from ttsmirror.reasons import Reason
from ttsmirror.secret_file import own_user
from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.piper.block_size import BlockSize, Cost
from ttsmonitor.synthesis.piper.fingerprint import stages_name
from ttsmonitor.synthesis.piper.sharing import make_directory
from ttsmonitor.synthesis.piper.speech import Scales
from ttsmonitor.synthesis.priority_lock import interruptible, is_background

logger = logging.getLogger(__name__)

CUT_SECONDS = 120


def session(path: Path, stage: str = "") -> onnxruntime.InferenceSession:
    """Load a whole voice, or a stage of one, for two threads that sleep while they wait.

    By default they would spin: that takes a core from whatever else runs, and is heard as gaps.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(2, _processors())
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A plan for each length that was seen: half a millisecond for `text`, which is run for each
    # sentence; for the others it takes memory, a lot of it.
    options.enable_mem_pattern = stage == "text"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):  # a container may be bound to one
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Stages:
    """The loaded stages of a voice."""

    def __init__(self, directory: Path) -> None:
        """Load what graph_split.py wrote into `directory`; takes some hundred milliseconds."""
        parts = json.loads((directory / "stages.json").read_text())
        self._inputs: dict[str, list[str]] = parts["inputs"]
        self._sessions = {name: session(directory / f"{name}.onnx", name) for name in self._inputs}
        self.flow_context: int = parts["flow_context"]
        """Frames on each side that the flow looks at; 0 where it is not a stage of its own."""
        self.decoder_context: int = parts["decoder_context"]
        self.hop: int = parts["hop"]
        """Samples of a frame."""
        frame_seconds = self.hop / parts["sample_rate"]
        self.pacing = BlockSize(frame_seconds, self.decoder_context, self.flow_context)

    def read(self, ids: list[int], scales: Scales, speaker: int) -> tuple[Samples, list[int]]:
        """Return the noisy latent [1, channels, frames] and the frames of each id, if known."""
        with _learning(self.pacing.text, len(ids)):
            noisy, *lengths = self._run("text", inputs_for(ids, scales, speaker))
        of_ids = [int(each) for each in np.ravel(lengths[0])] if lengths else []
        return noisy, of_ids if sum(of_ids) == noisy.shape[2] else []

    @property
    def has_flow(self) -> bool:
        """True where the flow is a stage of its own."""
        return "flow" in self._inputs

    def flow(self, noisy: Samples, speaker: int) -> Samples:
        """Return the latent of a window of the noisy latent."""
        noisy_name, mask_name = self._inputs["flow"][:2]
        mask = np.ones((1, 1, noisy.shape[2]), dtype=np.float32)
        given = {noisy_name: noisy, mask_name: mask} | _sid(speaker)
        with _learning(self.pacing.flow, noisy.shape[2]):
            return self._run("flow", given)[0]

    def decoder(self, latent: Samples, speaker: int) -> Samples:
        """Return the samples of a window of the latent."""
        name = self._inputs["decoder"][0]
        with _learning(self.pacing.decoder, latent.shape[2]):
            return self._run("decoder", {name: latent} | _sid(speaker))[0].ravel()

    def _run(self, stage: str, given: dict[str, Any]) -> list[Samples]:
        feed = {name: given[name] for name in self._inputs[stage]}
        session = self._sessions[stage]
        made: list[Samples] = interruptible(
            lambda options: session.run(None, feed, options), onnxruntime.RunOptions
        )
        return made


@contextmanager
def _learning(cost: Cost, frames: int) -> Iterator[None]:
    """Measure a run, unless it is one that gives way: it may have waited."""
    began = perf_counter()
    yield
    if not is_background():
        cost.learn(frames, perf_counter() - began)


def inputs_for(ids: list[int], scales: Scales, speaker: int) -> dict[str, Any]:
    """Return the inputs of a Piper model."""
    return {
        "input": np.array([ids], dtype=np.int64),
        "input_lengths": np.array([len(ids)], dtype=np.int64),
        "scales": np.array(scales, dtype=np.float32),
    } | _sid(speaker)


def _sid(speaker: int) -> dict[str, Any]:
    return {"sid": np.array([speaker], dtype=np.int64)}


def load_stages(model: Path) -> Stages:
    """Load the stages of a voice, splitting it now where that has not been done.

    Broken parts, as after a power cut, are made again. Raises SynthesisError, with the reason,
    where the voice cannot run in stages.
    """
    directory = cut_stages(model)
    try:
        return Stages(directory)
    except Exception as exc:
        logger.warning("stages of %s are damaged, rebuilding: %s", model.stem, exc)
        shutil.rmtree(directory, ignore_errors=True)
        return Stages(cut_stages(model))


def find_stages(model: Path) -> Path | None:
    """Return the directory with the stages of a voice, where it is split already."""
    directories = [place / stages_name(model) for place in _places(model)]
    return next((each for each in directories if os.access(each / "stages.json", os.R_OK)), None)


def cut_stages(model: Path) -> Path:
    """Return the directory with the stages of a voice; splitting takes some seconds.

    Raises SynthesisError, with the reason, where the voice cannot be split.
    """
    if known := find_stages(model):
        return known
    place = next(filter(_can_be_written, _places(model)), None)
    if place is None:
        raise SynthesisError(Reason("there is no writable directory for its stages"))
    directory = place / stages_name(model)
    _cut(model, directory)
    return directory


def _places(model: Path) -> list[Path]:
    # Not one place for all users: the first of them would own it.
    elsewhere = Path(tempfile.gettempdir()) / f"moxie-stages-{own_user()}"
    return [model.parent / ".stages", elsewhere]


def _can_be_written(place: Path) -> bool:
    try:
        make_directory(place)
    except OSError:
        return False
    return os.access(place, os.W_OK)


def _cut(model: Path, directory: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "ttsmonitor.synthesis.piper.graph_split",
        str(model),
        str(directory),
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            command, env=environment, capture_output=True, text=True, timeout=CUT_SECONDS
        )
    except subprocess.TimeoutExpired as exc:
        raise SynthesisError(
            Reason("splitting it into stages took more than {seconds} s", seconds=CUT_SECONDS)
        ) from exc
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise SynthesisError(lines[-1] if lines else "splitting it into stages failed")


if __name__ == "__main__":
    try:
        {"check": session, "cut": cut_stages}[sys.argv[1]](Path(sys.argv[2]))  # type: ignore[operator]
    except Exception as exc:
        sys.exit(f"{exc}")
