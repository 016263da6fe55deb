"""A voice that is run in stages, a window at a time (see graph.py for what the stages are)."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.synthesis.fingerprint import fingerprint

logger = logging.getLogger(__name__)

Samples = npt.NDArray[np.float32]

BLOCK_FRAMES = (8, 16, 32)
"""Frames decoded at a time: little at first, since somebody waits; then more, which is cheaper."""
FLOW_FRAMES = 96
CONTEXTS = (12, 16, 24, 32, 48, 64, 96)
"""Frames on each side of a window that are tried, until it gives what the whole run gives."""
TOLERANCE = 1e-5
PROBE_FRAMES = 320
CUT_SECONDS = 120


def session(path: Path) -> onnxruntime.InferenceSession:
    """Load a graph for this machine's cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(4, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    # A stage's threads would go on spinning after it and take the cores from the next stage: with
    # this the first block of a clause takes 23 ms on 2 cores, without it 52.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Stages:
    """The loaded stages of a voice."""

    def __init__(self, directory: Path) -> None:
        """Load what graph.py wrote into `directory`; some hundred milliseconds."""
        self._inputs: dict[str, list[str]] = {
            name: stage["given"]
            for name, stage in json.loads((directory / "stages.json").read_text()).items()
        }
        self._sessions = {name: session(directory / f"{name}.onnx") for name in self._inputs}
        self._measure(directory / "contexts.json")

    def speak(
        self, ids: list[int], scales: tuple[float, float, float], speaker: int
    ) -> Iterator[Samples]:
        """Yield the samples of a clause's phoneme ids in blocks, the first one soon.

        `scales` are noise, length and width-of-noise, as Piper's model takes them.
        """
        given = {
            "input": np.array([ids], dtype=np.int64),
            "input_lengths": np.array([len(ids)], dtype=np.int64),
            "scales": np.array(scales, dtype=np.float32),
        }
        noisy = self._run("text", given, speaker)
        yield from self.decode(self.latent(noisy, speaker), noisy.shape[2], speaker)

    def latent(self, noisy: Samples, speaker: int) -> Iterator[Samples]:
        """The latent [1, channels, frames] of the noisy one, in windows as they are asked for."""
        if "flow" not in self._inputs:
            yield noisy
            return
        frames, around = noisy.shape[2], self.flow_context
        first = BLOCK_FRAMES[0] + self.decoder_context
        start = 0
        while start < frames:
            stop = min(frames, start + (FLOW_FRAMES if start else first))
            low, high = max(0, start - around), min(frames, stop + around)
            window = self._flow(noisy[:, :, low:high], speaker)
            yield window[:, :, start - low : stop - low]
            start = stop

    def decode(
        self, latent: Iterator[Samples], frames: int, speaker: int,
        blocks: tuple[int, ...] = BLOCK_FRAMES,
    ) -> Iterator[Samples]:  # fmt: skip
        """The samples of a latent that comes in windows; `blocks` do not change them."""
        around, start = self.decoder_context, 0
        known = np.zeros((1, 0, 0), dtype=np.float32)
        for size in chain(blocks, repeat(blocks[-1])):
            if start >= frames:
                return
            stop = min(frames, start + size)
            low, high = max(0, start - around), min(frames, stop + around)
            while known.shape[2] < high:
                window = next(latent)
                known = np.concatenate([known, window], axis=2) if known.size else window
            sound = self._decoder(known[:, :, low:high], speaker)
            yield sound[(start - low) * self.hop : (stop - low) * self.hop]
            start = stop

    def _flow(self, noisy: Samples, speaker: int) -> Samples:
        noisy_name, mask_name = self._inputs["flow"][:2]
        mask = np.ones((1, 1, noisy.shape[2]), dtype=np.float32)
        return self._run("flow", {noisy_name: noisy, mask_name: mask}, speaker)

    def _decoder(self, latent: Samples, speaker: int) -> Samples:
        return self._run("decoder", {self._inputs["decoder"][0]: latent}, speaker).ravel()

    def _run(self, stage: str, given: dict[str, Any], speaker: int) -> Samples:
        wanted = self._inputs[stage]
        if "sid" in wanted:
            given = given | {"sid": np.array([speaker], dtype=np.int64)}
        feed = {name: given[name] for name in wanted}
        made: Samples = self._sessions[stage].run(None, feed)[0]
        return made

    def _measure(self, path: Path) -> None:
        """How far flow and decoder look around, and samples per frame; measured once a voice."""
        try:
            known = json.loads(path.read_text())
            self.flow_context = int(known["flow"])
            self.decoder_context = int(known["decoder"])
            self.hop = int(known["hop"])
            return
        except (OSError, ValueError, KeyError, TypeError):
            logger.info("measuring a voice that is new here")
        shape = self._sessions["decoder"].get_inputs()[0].shape
        noise = np.random.default_rng(0).normal(size=(1, shape[1], PROBE_FRAMES))
        latent = noise.astype(np.float32)
        whole = self._decoder(latent, 0)
        self.hop = len(whole) // PROBE_FRAMES
        self.decoder_context = _context(
            lambda low, high: self._decoder(latent[:, :, low:high], 0), whole, self.hop
        )
        self.flow_context = 0
        if "flow" in self._inputs:
            flowed = self._flow(latent, 0)
            self.flow_context = _context(
                lambda low, high: self._flow(latent[:, :, low:high], 0)[0].T, flowed[0].T, 1
            )
        found = {
            "flow": self.flow_context,
            "decoder": self.decoder_context,
            "hop": self.hop,
        }
        path.write_text(json.dumps(found))


def _context(run: Any, whole: npt.NDArray[np.float32], step: int) -> int:
    """The least context with which a window in the middle gives what the whole run gives."""
    start, stop = PROBE_FRAMES // 2 - 8, PROBE_FRAMES // 2 + 8
    wanted = whole[start * step : stop * step]
    for context in CONTEXTS:
        low, high = start - context, stop + context
        window = run(low, high)[context * step : (context + stop - start) * step]
        if np.abs(window - wanted).max() < TOLERANCE * max(1.0, float(np.abs(wanted).max())):
            return context
    raise SynthesisError("its stages look too far around")


def load_stages(model: Path) -> Stages:
    """The stages of a voice, cut now where they are not cached beside it.

    Raises SynthesisError, with the reason, where the voice cannot be run in stages.
    """
    for cache in (model.parent / ".stages", Path(tempfile.gettempdir()) / "moxie-stages"):
        directory = cache / model.name.removesuffix(".onnx")
        if _is_current(model, directory):
            return Stages(directory)
        try:
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            continue
        if not os.access(cache, os.W_OK):
            continue
        _cut(model, directory)
        return Stages(directory)
    raise SynthesisError("there is no place to keep its parts")


def _is_current(model: Path, directory: Path) -> bool:
    try:
        return (directory / "fingerprint").read_text() == fingerprint(model)
    except OSError:
        return False


def _cut(model: Path, directory: Path) -> None:
    command = [sys.executable, "-m", "ttsmonitor.synthesis.graph", str(model), str(directory)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            command, env=environment, capture_output=True, text=True, timeout=CUT_SECONDS
        )
    except subprocess.TimeoutExpired as exc:
        raise SynthesisError(f"cutting took more than {CUT_SECONDS} s") from exc
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise SynthesisError(lines[-1] if lines else "cutting it failed")
