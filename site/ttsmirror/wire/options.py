"""How an utterance is to be spoken: the optional fields of a text message.

A new option is a field of SpeechOptions with its reader, a column of Utterance of the same name
(ttsmirror/models.py, with a migration), and the code that acts on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.reasons import Reason
from ttsmirror.wire.fields import LANG, SLUG, read_name, read_number

PRIORITIES = ("normal", "high")
WEEK_SECONDS = 7 * 86_400


def _read_priority(message: dict[str, Any], name: str) -> str:
    value = str(message.get(name) or "normal")
    if value not in PRIORITIES:
        raise InvalidMessageError(
            Reason("priority is {value}: give normal or high", value=repr(value))
        )
    return value


def _option(default: Any, read: Callable[[dict[str, Any], str], Any]) -> Any:
    """Declare an option; `read` takes it out of a message and raises InvalidMessageError."""
    return field(default=default, metadata={"read": read})


def _name(pattern: re.Pattern[str]) -> Any:
    return _option("", partial(read_name, pattern=pattern))


def _number(highest: float) -> Any:
    return _option(None, partial(read_number, low=0, high=highest))


@dataclass(frozen=True, kw_only=True)
class SpeechOptions:
    """Language, voice, mood and urgency of an utterance. Empty or None: the service decides."""

    lang: str = _name(LANG)
    """Language tag (BCP 47)."""
    voice: str = _name(SLUG)
    """Name of an installed voice."""
    mood: str = _name(SLUG)
    intensity: float | None = _number(1.0)
    """Strength of the mood, 0 to 1."""
    priority: str = _option("normal", _read_priority)
    """`normal` or `high`."""
    ttl: float | None = _number(WEEK_SECONDS)
    """Seconds after which it expires and is not spoken."""

    def option_fields(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, as message fields."""
        return {
            each.name: value
            for each in fields(SpeechOptions)
            if (value := getattr(self, each.name)) != each.default
        }


OPTION_NAMES = tuple(each.name for each in fields(SpeechOptions))


def read_options(message: Mapping[str, Any]) -> dict[str, Any]:
    """Read the options of a message, for SpeechOptions(**…). Raises InvalidMessageError."""
    return {each.name: each.metadata["read"](message, each.name) for each in fields(SpeechOptions)}


def unreadable_options(options: SpeechOptions) -> dict[str, Any]:
    """Return the defaults of those options that no reader would accept."""
    changes: dict[str, Any] = {}
    for each in fields(SpeechOptions):
        try:
            each.metadata["read"]({each.name: getattr(options, each.name)}, each.name)
        except InvalidMessageError:
            changes[each.name] = each.default
    return changes
