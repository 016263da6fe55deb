"""The sound devices of this computer.

PortAudio keeps the list of its first start, and the speech service has it open. So the list is
made in a process of its own, which also sees a device that was plugged in a moment ago.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass

from ttsmirror.reasons import Reason
from ttsmonitor.exceptions import AudioError

TIMEOUT_SECONDS = 15.0
PLUGINS = {
    "a52",
    "dmix",
    "jack",
    "lavrate",
    "null",
    "oss",
    "samplerate",
    "speex",
    "speexrate",
    "sysdefault",
    "upmix",
    "vdownmix",
}
"""Names that ALSA lists beside its devices: converters, and other ways to the default device."""


@dataclass(frozen=True)
class Device:
    """A sound device that can play."""

    name: str
    """As TTS_AUDIO_DEVICE takes it."""
    is_default: bool
    """True for the system's default device."""


def list_devices() -> list[Device]:
    """Return the devices that can play, the default one first. Raises AudioError."""
    command = [sys.executable, "-m", "ttsmonitor.audio.devices"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(  # noqa: S603  our own interpreter and module
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
        )
        return [Device(**each) for each in json.loads(done.stdout)]
    except (subprocess.TimeoutExpired, ValueError, TypeError) as exc:
        raise AudioError(Reason("the sound devices cannot be listed")) from exc


def _find() -> list[Device]:
    try:
        import pyaudio
    except ImportError:
        return []
    portaudio = pyaudio.PyAudio()
    try:
        try:
            default = portaudio.get_default_output_device_info()["index"]
        except OSError:
            default = -1
        infos = map(portaudio.get_device_info_by_index, range(portaudio.get_device_count()))
        found = [
            Device(str(info["name"]), info["index"] == default)
            for info in infos
            if info["maxOutputChannels"] > 0 and info["name"] not in PLUGINS
        ]
    finally:
        portaudio.terminate()
    return sorted(dict.fromkeys(found), key=lambda device: not device.is_default)


if __name__ == "__main__":
    sys.stdout.write(json.dumps([asdict(each) for each in _find()]))
