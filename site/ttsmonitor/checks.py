"""System checks: settings that cannot be right, each with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from ttsmonitor.conf import AppSettings, conf

ENGINES = ("auto", "piper", "espeak")
OUTPUTS = ("auto", "pyaudio", "wav", "null")


def check_values(settings: AppSettings, check_id: str) -> list[CheckMessage]:
    """Each setting that cannot be read, as an error."""
    errors: list[CheckMessage] = []
    for name in settings.names():
        try:
            getattr(settings, name)
        except ImproperlyConfigured as exc:
            errors.append(Error(str(exc), id=check_id))
    return errors


@register
def check_settings(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting is readable and names things that exist."""
    if errors := check_values(conf, "ttsmonitor.E001"):
        return errors
    if conf.TTS_ENGINE not in ENGINES:
        errors.append(_choice("TTS_ENGINE", conf.TTS_ENGINE, ENGINES, "ttsmonitor.E002"))
    for output in conf.TTS_AUDIO.split(","):
        if output.strip() not in OUTPUTS:
            errors.append(_choice("TTS_AUDIO", output, OUTPUTS, "ttsmonitor.E003"))
    if conf.MQTT_QOS not in (0, 1, 2):
        errors.append(_choice("MQTT_QOS", conf.MQTT_QOS, (0, 1, 2), "ttsmonitor.E004"))
    if "#" in conf.MQTT_TOPIC or "+" in conf.MQTT_TOPIC or not conf.MQTT_TOPIC.strip("/"):
        hint = "Give a plain topic such as moxie/tts/text."
        errors.append(
            Error(f"MQTT_TOPIC={conf.MQTT_TOPIC!r} is no topic.", hint, id="ttsmonitor.E005")
        )
    return errors


def _choice(name: str, value: object, choices: Sequence[object], check_id: str) -> Error:
    hint = f"Give one of {', '.join(map(str, choices))}."
    return Error(f"{name}={value!r} is unknown.", hint, id=check_id)
