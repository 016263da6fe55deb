"""The registry of outputs, and the choice that TTS_AUDIO makes.

An output is a module and an entry in OUTPUTS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ttsmonitor.audio.automatic import AutomaticOutput
from ttsmonitor.audio.base import Output
from ttsmonitor.audio.browser import BrowserOutput
from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.audio.null import NullOutput
from ttsmonitor.audio.several import SeveralOutputs
from ttsmonitor.audio.wav import WavOutput


@dataclass(frozen=True)
class OutputOptions:
    """Settings of the outputs."""

    browser: BrowserOutput
    """The output that browsers listen to; there is one per service."""
    device: DeviceChoice
    wav_dir: Path


@dataclass(frozen=True)
class OutputKind:
    """An output that TTS_AUDIO can name."""

    create: Callable[[OutputOptions], Output]
    is_for_browsers: bool = False
    """True if browsers listen to it."""
    is_for_device: bool = False
    """True if it plays on a sound device."""


def is_for_browsers(names: str) -> bool:
    """Return True if this TTS_AUDIO lets browsers listen."""
    return any(OUTPUTS[name].is_for_browsers for name in _split(names))


def is_for_device(names: str) -> bool:
    """Return True if this TTS_AUDIO plays on a sound device."""
    return any(OUTPUTS[name].is_for_device for name in _split(names))


def make_output(
    names: str,
    *,
    browser: BrowserOutput,
    device: DeviceChoice | None = None,
    wav_dir: Path,
) -> Output:
    """Create the output for TTS_AUDIO: names with commas.

    `browser` becomes a part of it if is_for_browsers(). `device` may be changed later.
    """
    options = OutputOptions(browser, device or DeviceChoice(), wav_dir)
    outputs = [OUTPUTS[name].create(options) for name in dict.fromkeys(_split(names))]
    return outputs[0] if len(outputs) == 1 else SeveralOutputs(outputs)


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",")]


def _pyaudio(options: OutputOptions) -> Output:
    # Imported here, since it needs NumPy: the system checks of every process read the names.
    from ttsmonitor.audio.pyaudio import PyAudioOutput

    return PyAudioOutput(options.device)


def _automatic(options: OutputOptions) -> Output:
    return AutomaticOutput(_pyaudio(options), options.browser, options.device)


OUTPUTS: dict[str, OutputKind] = {
    "auto": OutputKind(_automatic, is_for_browsers=True, is_for_device=True),
    "pyaudio": OutputKind(_pyaudio, is_for_device=True),
    "browser": OutputKind(lambda options: options.browser, is_for_browsers=True),
    "wav": OutputKind(lambda options: WavOutput(options.wav_dir)),
    "null": OutputKind(lambda options: NullOutput()),
}
"""The outputs by their name in TTS_AUDIO."""
