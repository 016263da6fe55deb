"""The settings of the synthesis process."""

from __future__ import annotations

from ttsmonitor.conf import conf
from ttsmonitor.synthesis.base import EngineConfig


def engine_config() -> EngineConfig:
    """Return the configuration of the synthesis process."""
    return EngineConfig(
        engine=conf.TTS_ENGINE,
        voice=conf.TTS_VOICE,
        voice_dir=conf.path("TTS_VOICE_DIR"),
        model=conf.path("PIPER_MODEL") if conf.PIPER_MODEL else None,
        lang=conf.TTS_LANG,
        loaded_bytes=conf.TTS_LOADED_MB * 1_000_000,
    )
