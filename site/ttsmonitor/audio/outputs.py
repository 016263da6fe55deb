"""Which outputs there are, which to take, and several as one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from ttsmonitor.audio.base import Output
from ttsmonitor.audio.null import NullOutput
from ttsmonitor.audio.pyaudio import PyAudioOutput
from ttsmonitor.audio.wav import WavOutput
from ttsmonitor.exceptions import AudioError

logger = logging.getLogger(__name__)


class SeveralOutputs:
    """Outputs that play the same; one that fails is left out while another one plays."""

    def __init__(self, outputs: Sequence[Output]) -> None:
        self._outputs = outputs
        self._playing: list[Output] = []

    @property
    def name(self) -> str:
        return ", ".join(output.name for output in self._outputs)

    @property
    def error(self) -> str:
        return "; ".join(output.error for output in self._outputs if output.error)

    def open(self) -> None:
        self._playing = list(self._outputs)
        self._each("open")

    def begin(self, utterance_id: str, sample_rate: int) -> None:
        self._playing = list(self._outputs)
        self._each("begin", utterance_id, sample_rate)

    def write(self, pcm: bytes) -> None:
        self._each("write", pcm)

    def flush(self) -> float:
        # What one of them dropped is written again to all, so the others forget it.
        dropped = [(output, output.flush()) for output in self._playing]
        most = max((seconds for _output, seconds in dropped), default=0.0)
        for output, seconds in dropped:
            output.rewind(most - seconds)
        return most

    def rewind(self, seconds: float) -> None:
        pass  # flush() has done it

    def drain(self, is_over: Callable[[], bool]) -> None:
        self._each("drain", is_over)

    def end(self) -> None:
        self._each("end")

    def close(self) -> None:
        for output in self._outputs:
            output.close()

    def _each(self, method: str, *args: object) -> None:
        errors = []
        for output in list(self._playing):
            try:
                getattr(output, method)(*args)
            except AudioError as exc:
                self._playing.remove(output)
                errors.append(str(exc))
        if errors and not self._playing:
            raise AudioError("; ".join(errors))


def make_output(names: str, *, device: str = "", wav_dir: Path) -> Output:
    """The output for TTS_AUDIO: names with commas, or `auto`."""
    makers: dict[str, Callable[[], Output]] = {
        "pyaudio": lambda: PyAudioOutput(device),
        "wav": lambda: WavOutput(wav_dir),
        "null": NullOutput,
        "auto": lambda: _automatic(device),
    }
    outputs = [makers[name.strip()]() for name in names.split(",")]
    return outputs[0] if len(outputs) == 1 else SeveralOutputs(outputs)


def _automatic(device: str) -> Output:
    output = PyAudioOutput(device)
    try:
        output.open()
    except AudioError as exc:
        logger.warning(
            "%s: what is said goes to the history and the pages, without sound. "
            "TTS_AUDIO=wav writes files.",
            exc,
        )
        return NullOutput()
    return output
