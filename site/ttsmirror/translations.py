"""Translate reasons by their codes, which are English templates.

The templates are marked for translation where they are written, in calls of Reason(). Their
translations have the context `reason` in the catalogs.
"""

from __future__ import annotations

from typing import Any

from django.utils.formats import get_format
from django.utils.translation import pgettext

from ttsmirror.reasons import Reason, fill, plain

CONTEXT = "reason"

OF_SPEECH_SERVICE = (
    Reason("skipped"),
    Reason("interrupted by whoever speaks for the robot"),
    Reason("interrupted before its turn"),
    Reason("cleared from the queue"),
    Reason("removed from the queue"),
    Reason("too many were waiting (TTS_QUEUE_LIMIT)"),
    Reason("too old to be spoken when its turn came"),
    Reason("there is nothing to say aloud in it"),
    Reason("the service was stopped"),
    Reason("the service ended while this was spoken"),
    Reason("the rest of it did not come"),
)
"""Why the speech service did not speak: an OpenMoxie shows it, and has no catalog but ours."""


def translate(reason: str) -> str:
    """Translate a reason with its values; a plain string where it is a known sentence."""
    if not reason:
        return ""
    if not isinstance(reason, Reason) or not reason.params:
        return pgettext(CONTEXT, reason)
    values = {name: translate_value(value) for name, value in reason.params.items()}
    return fill(pgettext(CONTEXT, reason.code), values)


def translate_value(value: Any) -> str:
    """Return a value of a reason as text; one that is a reason is translated."""
    if isinstance(value, Reason):
        return translate(value)
    if isinstance(value, float):
        return plain(value).replace(".", get_format("DECIMAL_SEPARATOR"))
    return str(value)
