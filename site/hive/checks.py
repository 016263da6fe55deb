"""Django's system checks of the hive's settings.

The health checks of the running hive are in mqtt/moxie_server.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Error, register

from hive.conf import conf
from hive.mqtt.admission import ALLOWED
from ttsmirror.reasons import Reason
from ttsmonitor.checks import PORT, SETTINGS, check_ranges, check_spelling, check_values
from ttsmonitor.conf import conf as tts_conf

RANGES: dict[str, tuple[float, float]] = {
    "HIVE_PORT": PORT,
    "HIVE_CONFIG_DELAY_SECONDS": (0, 60),
    "HIVE_SILENCE_SECONDS": (1, 86_400),
    "HIVE_CHAT_SECONDS": (0.5, 120),
    "HIVE_CHAT_CALLS": (1, 100),
    "HIVE_CHAT_HISTORY": (0, 200),
}
"""Lowest and highest value of every number."""


@register(SETTINGS)
def check_names(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """No environment variable is a setting of the hive with a typing mistake."""
    found = check_spelling(conf.names(), ("HIVE_",), "hive.W001")
    return [each for each in found if each.msg.startswith("HIVE")]


@register(SETTINGS)
def check_settings(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Check that settings are readable and in range, and that both web servers have a port."""
    if errors := check_values(conf, "hive.E001"):
        return errors
    errors = [*check_ranges(conf, RANGES, "hive.E003"), *_check_endpoint(conf.HIVE_CHAT_URL)]
    if conf.HIVE_ALLOW_NEW_ROBOTS not in ALLOWED:
        value = repr(conf.HIVE_ALLOW_NEW_ROBOTS)
        words = Reason("{name}={value} is unknown.", name="HIVE_ALLOW_NEW_ROBOTS", value=value)
        hint = Reason("Give one of {choices}.", choices=", ".join(ALLOWED))
        errors.append(Error(words, hint, id="hive.E005"))
    # Errors of the speech service's settings are reported by its own check.
    if not check_values(tts_conf, "") and conf.HIVE_PORT == tts_conf.HTTP_PORT:
        words = Reason("HIVE_PORT and HTTP_PORT are both {port}.", port=conf.HIVE_PORT)
        hint = Reason("The hive and the monitor need a port each.")
        errors.append(Error(words, hint, id="hive.E002"))
    return errors


def _check_endpoint(url: str) -> list[CheckMessage]:
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return []
    hint = Reason("Give an address such as http://localhost:11434/v1.")
    return [
        Error(Reason("HIVE_CHAT_URL={url} is no address.", url=repr(url)), hint, id="hive.E004")
    ]
