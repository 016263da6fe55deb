"""The sound device in force: a setting, else what was chosen on the pages."""

from __future__ import annotations

from ttsmonitor.audio.device_choice import DeviceChoice
from ttsmonitor.conf import conf
from ttsmonitor.models import SoundSetting


def follow_sound_setting(choice: DeviceChoice) -> None:
    """Set `choice` to what is in force now. Reads the database."""
    chosen = SoundSetting.current()
    choice.name = conf.TTS_AUDIO_DEVICE or chosen.device
    choice.preroll_seconds = (conf.TTS_PREROLL_MS or chosen.preroll_ms) / 1000


def fixed_settings() -> dict[str, str]:
    """Return what cannot be chosen on the pages, each with the setting that decides it."""
    fixed = {}
    if conf.TTS_AUDIO_DEVICE:
        fixed["device"] = "TTS_AUDIO_DEVICE"
    if conf.TTS_PREROLL_MS:
        fixed["preroll_ms"] = "TTS_PREROLL_MS"
    return fixed
