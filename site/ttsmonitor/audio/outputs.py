"""The registry of outputs, and the choice that TTS_AUDIO makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ttsmonitor.audio.automatic import AutomaticOutput
from ttsmonitor.audio.base import Output
from ttsmonitor.audio.browser import BrowserOutput
from ttsmonitor.audio.null import NullOutput
from ttsmonitor.audio.pyaudio import PyAudioOutput
from ttsmonitor.audio.several import SeveralOutputs
from ttsmonitor.audio.wav import WavOutput


def is_for_browsers(names: str) -> bool:
    """Return True where this TTS_AUDIO lets browsers listen."""
    return not {"auto", "browser"}.isdisjoint(_split(names))


def make_output(
    names: str,
    *,
    browser: BrowserOutput,
    device: str = "",
    preroll_seconds: float = 0.0,
    wav_dir: Path,
) -> Output:
    """Create the output for TTS_AUDIO: names with commas, or `auto`.

    `browser` becomes a part of it where is_for_browsers().
    """

    def make_device() -> Output:
        return PyAudioOutput(device, preroll_seconds=preroll_seconds)

    makers: dict[str, Callable[[], Output]] = {
        "pyaudio": make_device,
        "wav": lambda: WavOutput(wav_dir),
        "null": NullOutput,
        "browser": lambda: browser,
        "auto": lambda: AutomaticOutput(make_device(), browser),
    }
    outputs = [makers[name]() for name in dict.fromkeys(_split(names))]
    return outputs[0] if len(outputs) == 1 else SeveralOutputs(outputs)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]
