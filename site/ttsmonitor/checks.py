"""Django's system checks: settings that cannot be right, each with what to do.

The health checks of the running service are in service/service.py.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Collection, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from ttsmirror.conf import PREFIX, AppSettings
from ttsmirror.reasons import Reason, reason_of
from ttsmirror.wire.fields import LANG, fits
from ttsmirror.wire.messages import CONTROL_TOPIC, HEALTH_TOPIC, STATUS_TOPIC
from ttsmirror.wire.options import WEEK_SECONDS
from ttsmonitor.audio.outputs import OUTPUTS
from ttsmonitor.conf import conf
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.speaking.translation import ENGINES as TRANSLATION_ENGINES
from ttsmonitor.synthesis.registry import checked_providers, engine_choices, is_engine
from ttsmonitor.system.arguments import HIGHEST_PORT, LOWEST_PORT, is_host

SETTINGS = "moxie_settings"
"""Tag of these checks, for commands that are to start quickly and so want no others."""
LIKENESS = 0.78
"""Likeness from 0 to 1 from which a variable counts as a mistyped setting."""
PORT = (LOWEST_PORT, HIGHEST_PORT)
RANGES: dict[str, tuple[float, float]] = {
    "MQTT_PORT": PORT,
    "MQTT_SSL_PORT": PORT,
    "MQTT_QOS": (0, 2),
    "MQTT_KEEPALIVE": (1, 65_535),
    "TTS_TTL": (1, WEEK_SECONDS),
    "TTS_QUEUE_LIMIT": (1, 1_000_000),
    "TTS_HISTORY_DAYS": (0, 36_500),
    "TTS_LOADED_MB": (0, 1_000_000),
    "TTS_CACHE_MB": (0, 1_000_000),
    "TTS_TRANSLATE_SECONDS": (0.1, 60),
    "TTS_PREROLL_MS": (0, 5_000),
    "TTS_CHUNK_WAIT_SECONDS": (0, 3_600),
    # Docker and systemd wait longer than that (docker-compose.yml, moxie-tts.service).
    "TTS_DRAIN_SECONDS": (0, 30),
    "TTS_OUTBOX_ROWS": (1, 10_000_000),
    "TTS_OUTBOX_HOURS": (0.01, 8_760),
    "TTS_RETRY_SECONDS": (1, 86_400),
    "MOXIE_BACKUPS": (0, 3_650),
    "HTTP_PORT": PORT,
    "WYOMING_PORT": PORT,
}
"""Lowest and highest value of every number."""


def check_values(settings: AppSettings, check_id: str) -> list[CheckMessage]:
    """Each setting that cannot be read, as an error."""
    errors: list[CheckMessage] = []
    for name in settings.names():
        try:
            getattr(settings, name)
        except ImproperlyConfigured as exc:
            errors.append(Error(reason_of(exc), id=check_id))
    return errors


def check_ranges(
    settings: AppSettings, ranges: Mapping[str, tuple[float, float]], check_id: str
) -> list[CheckMessage]:
    """Each number that is out of its range, as an error."""
    return [
        Error(
            Reason("{name}={value} is out of range.", name=name, value=getattr(settings, name)),
            Reason("Give a number from {low} to {high}.", low=low, high=high),
            id=check_id,
        )
        for name, (low, high) in ranges.items()
        if not low <= getattr(settings, name) <= high
    ]


def check_spelling(
    names: Collection[str], prefixes: tuple[str, ...], check_id: str
) -> list[CheckMessage]:
    """Each environment variable that is nearly one of these settings, as a warning.

    `prefixes` are those of our settings. A variable with another prefix is probably another
    program's, unless a letter or two of it are mistyped.
    """
    warnings: list[CheckMessage] = []
    for variable in sorted(os.environ):
        written = variable.upper()
        spellings = (written, written.removeprefix(PREFIX), written.removeprefix("MOXIE_"))
        near = [name for each in spellings for name in get_close_matches(each, names, 1, LIKENESS)]
        if not written.startswith(prefixes):
            near = [name for name in near if len(name) == len(written)]
        if near and variable.removeprefix(PREFIX) not in names:
            words = Reason("{name} is no setting and has no effect.", name=variable)
            best = max(near, key=lambda name: SequenceMatcher(None, name, written).ratio())
            warnings.append(Warning(words, Reason("Did you mean {name}?", name=best), id=check_id))
    return warnings


@register(SETTINGS)
def check_names(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """No environment variable is a setting with a typing mistake."""
    names = [name for name in conf.names() if not name.startswith("HIVE_")]
    found = check_spelling(names, ("TTS_", "MOXIE_", "MQTT_", "HTTP_", "HA_"), "ttsmonitor.W003")
    return [each for each in found if not each.msg.startswith("HIVE_")]


@register(SETTINGS)
def check_settings(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Every setting is readable, in its range, and names things that exist."""
    if errors := check_values(conf, "ttsmonitor.E001"):
        return errors
    if is_engine(conf.TTS_ENGINE):
        errors += _check_engines()
    else:
        choices = engine_choices()
        errors.append(_choice("TTS_ENGINE", conf.TTS_ENGINE, choices, "ttsmonitor.E002"))
    for output in conf.TTS_AUDIO.split(","):
        if output.strip() not in OUTPUTS:
            errors.append(_choice("TTS_AUDIO", output, tuple(OUTPUTS), "ttsmonitor.E003"))
    if conf.TTS_TRANSLATE_ENGINE not in TRANSLATION_ENGINES:
        chosen = conf.TTS_TRANSLATE_ENGINE
        errors.append(
            _choice("TTS_TRANSLATE_ENGINE", chosen, TRANSLATION_ENGINES, "ttsmonitor.E010")
        )
    return [
        *errors,
        *check_ranges(conf, RANGES, "ttsmonitor.E004"),
        *_check_topic(conf.MQTT_TOPIC),
        *_check_discovery_prefix(conf.HA_DISCOVERY_PREFIX),
        *_check_languages(),
        *_check_host("MQTT_HOST", "MQTT_PORT"),
        *_check_host("HTTP_HOST", "HTTP_PORT"),
        *_check_host("WYOMING_HOST", "WYOMING_PORT"),
        *_check_certificates(),
    ]


def _choice(name: str, value: object, choices: Sequence[object], check_id: str) -> Error:
    hint = Reason("Give one of {choices}.", choices=", ".join(map(str, choices)))
    return Error(
        Reason("{name}={value} is unknown.", name=name, value=repr(value)), hint, id=check_id
    )


def _check_languages() -> list[CheckMessage]:
    hint = Reason("Give languages with commas, such as es,en; a single one turns recognition off.")
    named = [each.strip() for each in conf.TTS_LANGUAGES.split(",")]
    wrong = [each for each in named if each and not fits(each, LANG)]
    words = Reason(
        "TTS_LANGUAGES={value}: {wrong} is not a language.",
        value=repr(conf.TTS_LANGUAGES),
        wrong=", ".join(wrong),
    )
    return [Error(words, hint, id="ttsmonitor.E009")] if wrong else []


def _check_topic(topic: str) -> list[CheckMessage]:
    hint = Reason("Give a plain topic such as moxie/tts/text.")
    if "#" in topic or "+" in topic or not topic.strip("/"):
        no_topic = Reason("MQTT_TOPIC={topic} is no topic.", topic=repr(topic))
        return [Error(no_topic, hint, id="ttsmonitor.E005")]
    for other in (STATUS_TOPIC, CONTROL_TOPIC, HEALTH_TOPIC):
        # Messages on MQTT_TOPIC/… are spoken: the service would read its own status aloud.
        if topic in (other, other.rpartition("/")[0]):
            words = Reason(
                "MQTT_TOPIC={topic} takes in {other}, which is not to be spoken.",
                topic=repr(topic),
                other=other,
            )
            return [Error(words, hint, id="ttsmonitor.E006")]
    return []


def _check_discovery_prefix(prefix: str) -> list[CheckMessage]:
    if re.fullmatch(r"[^/+#$\s][^+#\s]*(?<!/)", prefix) and prefix.split("/")[0] != "moxie":
        return []
    words = f"HA_DISCOVERY_PREFIX={prefix!r} is no topic of Home Assistant's."
    hint = "Give its discovery prefix, which is homeassistant unless you changed it there."
    return [Error(words, hint, id="ttsmonitor.E011")]


def _check_host(name: str, port_name: str) -> list[CheckMessage]:
    if is_host(getattr(conf, name)):
        return []
    hint = Reason(
        "Give nothing but a name or an address; the port is {setting}.", setting=port_name
    )
    words = Reason("{name}={value} is no host.", name=name, value=repr(getattr(conf, name)))
    return [Error(words, hint, id="ttsmonitor.E008")]


def _check_certificates() -> list[CheckMessage]:
    if not conf.MQTT_TLS:
        return []
    try:
        ssl.create_default_context(cafile=conf.ca_certs)
    except OSError as exc:
        return [
            Error(
                Reason(
                    "MQTT_CA_CERTS={path} cannot be read ({cause}).",
                    path=conf.MQTT_CA_CERTS,
                    cause=str(exc.strerror or exc),
                ),
                Reason("Give the path of a file with certificates in PEM; empty: the system's."),
                id="ttsmonitor.E007",
            )
        ]
    return []


def _check_engines() -> list[CheckMessage]:
    """Warn of what an engine that may speak finds wrong with its settings."""
    config = engine_config()
    return [
        Warning(problem.words, problem.hint, id=problem.check_id)
        for provider in checked_providers(config.engine)
        for problem in provider.problems(config)
    ]
