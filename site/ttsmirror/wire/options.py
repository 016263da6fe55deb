"""How an utterance is to be spoken: the optional fields of a text message.

A new option is a field here, a column of Utterance (ttsmirror/models.py, with a migration), and the
code that acts on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import LANG, SLUG, fits, read_name, read_number

PRIORITIES = ("normal", "high")
MAX_TTL_SECONDS = 7 * 86_400


@dataclass(frozen=True, kw_only=True)
class SpeechOptions:
    """Language, voice, mood and urgency of an utterance. Empty or None: the service decides."""

    lang: str = ""
    """Language tag (BCP 47)."""
    voice: str = ""
    """Name of an installed voice."""
    mood: str = ""
    intensity: float | None = None
    """Strength of the mood, 0 to 1."""
    priority: str = "normal"
    """`normal` or `high`."""
    ttl: float | None = None
    """Seconds after which it expires and is not spoken."""

    def option_fields(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, as message fields."""
        return {
            each.name: value
            for each in fields(SpeechOptions)
            if (value := getattr(self, each.name)) != each.default
        }


OPTION_NAMES = tuple(each.name for each in fields(SpeechOptions))
_PATTERNS = {"lang": LANG, "voice": SLUG, "mood": SLUG}
_MAXIMA = {"intensity": 1.0, "ttl": MAX_TTL_SECONDS}


def read_options(message: Mapping[str, Any]) -> dict[str, Any]:
    """Read the options of a message, for SpeechOptions(**…). Raises InvalidMessageError."""
    values = dict(message)
    priority = str(values.get("priority") or "normal")
    if priority not in PRIORITIES:
        raise InvalidMessageError(
            Reason("priority is {value}: give normal or high", value=repr(priority))
        )
    return {
        **{name: read_name(values, name, pattern) for name, pattern in _PATTERNS.items()},
        **{name: read_number(values, name, low=0, high=high) for name, high in _MAXIMA.items()},
        "priority": priority,
    }


def unreadable_options(options: SpeechOptions) -> dict[str, Any]:
    """Return the defaults of those options that no reader would accept."""
    changes: dict[str, Any] = {
        name: ""
        for name, pattern in _PATTERNS.items()
        if (value := getattr(options, name)) and not fits(value, pattern)
    }
    for name, high in _MAXIMA.items():
        value = getattr(options, name)
        if value is not None and not (isinstance(value, int | float) and 0 <= value <= high):
            changes[name] = None
    if options.priority not in PRIORITIES:
        changes["priority"] = "normal"
    return changes
