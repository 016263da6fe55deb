"""Run a voice in stages, a window at a time; graph.py describes the stages."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnxruntime

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import RunawaySpeechError, SynthesisError
from ttsmonitor.synthesis.loudness import Samples
from ttsmonitor.synthesis.piper.block_size import FLOW_FRAMES, BlockSize, Cost
from ttsmonitor.synthesis.piper.fingerprint import stages_name
from ttsmonitor.synthesis.piper.timing import Timing
from ttsmonitor.system import cpu_affinity

logger = logging.getLogger(__name__)

Scales = tuple[float, float, float]

CUT_SECONDS = 120
SECONDS_PER_ID = 0.2
"""Maximum sound per phoneme id at a length scale of 1, in seconds; a real voice makes 0.03."""
SECONDS_OF_CLAUSE = 5.0
"""Maximum sound of a clause in addition to that of its ids, in seconds."""


def session(path: Path, stage: str = "") -> onnxruntime.InferenceSession:
    """Load a whole voice, or a stage of one, for this machine's cores.

    Only the decoder gets several threads. The other stages consist of thousands of small steps
    that more threads do not speed up, and other threads store the sentence and wake the device
    meanwhile. A thread pool for another stage would still spin when the decoder begins. The
    decoder's pool stops spinning at its end, or it would delay playback.
    """
    options = onnxruntime.SessionOptions()
    is_small = stage in ("text", "flow")
    options.intra_op_num_threads = 1 if is_small else min(4, cpu_affinity.count())
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if not is_small and (helpers := cpu_affinity.helpers()):
        affinities = ";".join(str(number + 1) for number in helpers)  # counted from 1 there
        options.add_session_config_entry("session.intra_op_thread_affinities", affinities)
    # ONNX Runtime caches a memory plan per input length. That saves 0.5 ms in `text` and costs
    # much memory in the other stages.
    options.enable_mem_pattern = stage == "text"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Stages:
    """The loaded stages of a voice."""

    def __init__(self, directory: Path) -> None:
        """Load the files of graph_split.py from `directory`; takes some hundred milliseconds."""
        parts = json.loads((directory / "stages.json").read_text())
        self._inputs: dict[str, list[str]] = parts["inputs"]
        self._sessions = {name: session(directory / f"{name}.onnx", name) for name in self._inputs}
        self.flow_context: int = parts["flow_context"]
        """Frames of context on each side that the flow needs; 0 if it is no separate stage."""
        self.decoder_context: int = parts["decoder_context"]
        self.hop: int = parts["hop"]
        """Samples per frame."""
        frame_seconds = self.hop / parts["sample_rate"]
        self.pacing = BlockSize(frame_seconds, self.decoder_context, self.flow_context)
        self.timing: Timing | None = None
        """The timing of the clause that speak() yields now."""

    def speak(self, ids: list[int], scales: Scales, speaker: int) -> Iterator[Samples]:
        """Yield the samples of a clause's phoneme ids in blocks, the first one soon.

        Raises RunawaySpeechError before there is any sound.
        """
        noisy, *lengths = self._run("text", inputs_for(ids, scales, speaker))
        check_length(noisy.shape[2] * self.pacing.frame_seconds, ids, scales)
        self.timing = self._timing(noisy.shape[2], lengths)
        first = self.pacing.first()
        latent = self.latent(noisy, speaker, first + self.decoder_context)
        yield from self.decode(latent, noisy.shape[2], speaker)

    def noisy(self, ids: list[int], scales: Scales, speaker: int) -> Samples:
        """Return the noisy latent [1, channels, frames] of a clause."""
        return self._run("text", inputs_for(ids, scales, speaker))[0]

    def _timing(self, frames: int, lengths: list[Samples]) -> Timing:
        of_ids = [float(each) * self.hop for each in np.ravel(lengths[0])] if lengths else []
        is_true = round(sum(of_ids)) == frames * self.hop
        return Timing(frames * self.hop, of_ids if is_true else ())

    def latent(self, noisy: Samples, speaker: int, first: int = FLOW_FRAMES) -> Iterator[Samples]:
        """Yield the latent [1, channels, frames] in windows, each when it is requested."""
        if not self.has_flow:
            yield noisy
            return
        frames, around = noisy.shape[2], self.flow_context
        start = 0
        while start < frames:
            stop = min(frames, start + (FLOW_FRAMES if start else first))
            low, high = max(0, start - around), min(frames, stop + around)
            window = self.flow(noisy[:, :, low:high], speaker)
            yield window[:, :, start - low : stop - low]
            start = stop

    def decode(
        self, latent: Iterator[Samples], frames: int, speaker: int, blocks: Iterable[int] = ()
    ) -> Iterator[Samples]:
        """Yield the samples of a latent that comes in windows; `blocks` are their sizes in frames.

        The block sizes do not change the samples. After the last given size, BlockSize decides.
        """
        around, start = self.decoder_context, 0
        known = np.zeros((1, 0, 0), dtype=np.float32)
        sizes = iter(blocks)
        ahead_seconds = 0.0
        while start < frames:
            began = perf_counter()
            paced = self.pacing.next(ahead_seconds) if start else self.pacing.first()
            stop = min(frames, start + next(sizes, paced))
            low, high = max(0, start - around), min(frames, stop + around)
            while known.shape[2] < high:
                window = next(latent)
                known = np.concatenate([known, window], axis=2) if known.size else window
            sound = self.decoder(known[:, :, low:high], speaker)
            # Nothing is heard while the first block is made.
            ahead_seconds -= perf_counter() - began if start else 0.0
            ahead_seconds += (stop - start) * self.pacing.frame_seconds
            yield sound[(start - low) * self.hop : (stop - low) * self.hop]
            start = stop

    @property
    def has_flow(self) -> bool:
        """True if the flow is a separate stage."""
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
        made: list[Samples] = self._sessions[stage].run(None, feed)
        return made


@contextmanager
def _learning(cost: Cost, frames: int) -> Iterator[None]:
    began = perf_counter()
    yield
    cost.learn(frames, perf_counter() - began)


def check_length(seconds: float, ids: list[int], scales: Scales) -> None:
    """Raise RunawaySpeechError if a clause is far longer than real speech."""
    most = SECONDS_OF_CLAUSE + SECONDS_PER_ID * len(ids) * max(1.0, scales[1])
    if seconds > most:
        raise RunawaySpeechError(
            Reason(
                "it makes {seconds} s of sound from {count} phonemes; the limit is {most} s",
                seconds=round(seconds),
                count=len(ids),
                most=round(most),
            )
        )


def inputs_for(ids: list[int], scales: Scales, speaker: int) -> dict[str, Any]:
    """Return the inputs of a Piper model; `scales` are noise, length and width of noise."""
    return {
        "input": np.array([ids], dtype=np.int64),
        "input_lengths": np.array([len(ids)], dtype=np.int64),
        "scales": np.array(scales, dtype=np.float32),
    } | _sid(speaker)


def _sid(speaker: int) -> dict[str, Any]:
    return {"sid": np.array([speaker], dtype=np.int64)}


def load_stages(model: Path) -> Stages:
    """Load the stages of a voice; split it first if that has not been done.

    Damaged stages, as after a power cut, are rebuilt. Raises SynthesisError, with the reason, if
    the voice cannot run in stages.
    """
    directory = cut_stages(model)
    try:
        return Stages(directory)
    except Exception as exc:
        logger.warning("stages of %s are damaged, rebuilding: %s", model.stem, exc)
        shutil.rmtree(directory, ignore_errors=True)
        return Stages(cut_stages(model))


def find_stages(model: Path) -> Path | None:
    """Return the directory with the stages of a voice if it is split already."""
    directories = [place / stages_name(model) for place in _places(model)]
    return next((each for each in directories if os.access(each / "stages.json", os.R_OK)), None)


def cut_stages(model: Path) -> Path:
    """Return the directory with the stages of a voice; splitting takes some seconds.

    Raises SynthesisError, with the reason, if the voice cannot be split.
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
    # One directory per user: the first user would own a common one.
    elsewhere = Path(tempfile.gettempdir()) / f"moxie-stages-{os.getuid()}"
    return [model.parent / ".stages", elsewhere]


def _can_be_written(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
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
