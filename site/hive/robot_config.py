"""A robot's configuration: defaults, merging, validation, and the form that robots read."""

from __future__ import annotations

import copy
import math
from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DEFAULTS: dict[str, Any] = {
    "pairing_status": "paired",
    "audio_volume": "0.6",
    "screen_brightness": "1.0",
    "audio_wake_set": "off",
    "child_pii": {"nickname": "", "input_speed": 0.0},
    "settings": {
        "props": {
            "touch_wake": "1",
            "wake_button": "1",
            "wake_alarms": "1",
            "audio_wake": "1",
            "local_stt": "on",
            "default_loglevel": "warning",
        }
    },
}
"""The configuration of a robot without settings of its own; the family's time zone comes on top."""

PAIRING = ("paired", "unpairing")
PUPPET_MODE = "TELEHEALTH"
LEVELS = ("audio_volume", "screen_brightness")


def deep_merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `over` merged in, object by object; neither is changed."""
    merged = copy.deepcopy(base)
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = deep_merge(merged[key], value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


def for_robot(*layers: dict[str, Any], nickname: str = "", puppet_mode: bool = False) -> Any:
    """Return the layers merged in order, with levels and props as text, as robots read them."""
    config = DEFAULTS
    for layer in layers:
        config = deep_merge(config, layer)
    own: dict[str, Any] = {"child_pii": {"nickname": nickname}} if nickname else {}
    if puppet_mode:
        own["moxie_mode"] = PUPPET_MODE
    config = deep_merge(config, own)
    for name in LEVELS:
        config[name] = str(config[name])
    props = config["settings"]["props"]
    config["settings"]["props"] = {name: str(value) for name, value in props.items()}
    return config


def validate_config(value: Any) -> None:
    """Raise ValidationError with a sentence for each value that robots cannot use."""
    if not isinstance(value, dict):
        raise ValidationError(_("Enter a JSON object, such as {}."))
    errors = [*_levels(value), *_choices(value), *_objects(value)]
    if errors:
        raise ValidationError(errors)


def _levels(value: dict[str, Any]) -> list[str]:
    return [
        _("%(name)s: give a number from 0 to 1.") % {"name": name}
        for name in LEVELS
        if name in value and not _is_level(value[name])
    ]


def _choices(value: dict[str, Any]) -> list[str]:
    errors = []
    if value.get("pairing_status", PAIRING[0]) not in PAIRING:
        errors.append(_("pairing_status: give paired or unpairing."))
    if "timezone_id" in value and value["timezone_id"] not in available_timezones():
        errors.append(_("timezone_id: give a time zone such as Europe/Madrid."))
    if not isinstance(value.get("audio_wake_set", ""), str):
        errors.append(_("audio_wake_set: give a text such as off."))
    if "moxie_mode" in value:
        errors.append(_("moxie_mode: Puppet Mode is started and stopped on its page."))
    return errors


def _objects(value: dict[str, Any]) -> list[str]:
    errors = []
    child = value.get("child_pii", {})
    if not isinstance(child, dict) or not isinstance(child.get("nickname", ""), str):
        errors.append(_("child_pii: give an object whose nickname is a text."))
    settings = value.get("settings", {})
    props = settings.get("props", {}) if isinstance(settings, dict) else None
    if not isinstance(props, dict) or not all(
        isinstance(item, str | int | float) for item in props.values()
    ):
        errors.append(_("settings: give an object whose props are texts."))
    return errors


def _is_level(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    try:
        number = float(value)
    except ValueError:
        return False
    return math.isfinite(number) and 0 <= number <= 1
