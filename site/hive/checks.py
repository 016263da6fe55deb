"""System checks: settings of the hive that cannot be right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, register

from hive.conf import conf
from ttsmonitor.checks import check_values
from ttsmonitor.conf import conf as tts_conf


@register
def check_settings(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting is readable, and the two web servers do not want the same port."""
    if errors := check_values(conf, "hive.E001") or check_values(tts_conf, "hive.E001"):
        return errors
    if conf.HIVE_PORT == tts_conf.HTTP_PORT:
        words = f"HIVE_PORT and HTTP_PORT are both {conf.HIVE_PORT}."
        return [Error(words, "The hive and the monitor need a port each.", id="hive.E002")]
    return []
