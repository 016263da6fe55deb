"""Translate reasons and lines of the activity by their codes, which are English templates.

The templates are marked for translation where they are written: in calls of Reason(), and in calls
of a logger from level INFO on. Their translations have the context `reason` in the catalogs.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, pgettext
from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JavaScriptCatalog

from ttsmirror.reasons import Reason
from ttsmirror.translations import CONTEXT, translate, translate_value

MARK = "reason:"
"""Begins the names of these among the words that scripts get: see sayReason() in live.js."""

FOREIGN = (
    Reason("Unspecified error"),
    Reason("Not authorized"),
    Reason("Bad user name or password"),
    Reason("Server unavailable"),
    Reason("Keep alive timeout"),
    Reason("database is locked"),
    Reason("disk I/O error"),
    Reason("database or disk is full"),
    Reason("Connection error."),
    Reason("All connection attempts failed"),
    Reason("Request timed out."),
)
"""Error messages of paho, of databases and of the language model's library."""
FORMER = (
    Reason("chunk {numbers} of {total} did not come"),
    Reason("a chunk came too late to be spoken"),
    Reason("the rest of it did not come"),
    Reason("there is nothing to say aloud in it"),
    Reason("interrupted by whoever speaks for the robot"),
    Reason("the voice did nothing for {seconds} s"),
    Reason("{cause}; it is started again"),
    Reason("it makes {seconds} s of sound of {count} phonemes; {most} s are the most"),
    Reason("it needs more memory than the synthesis may take (TTS_LOADED_MB and some headroom)"),
    Reason("the sound device takes no sound: is it suspended?"),
    Reason("the sound device {name} went away: {cause}"),
    Reason("The voice {name} cannot be loaded; fetch it again. {cause}"),
    Reason("TTS_AUDIO_DEVICE={wanted} must be one of: {names}"),
)
"""Reasons that earlier versions stored in the history."""
OUTCOMES = (
    Reason("spoken"),
    Reason("interrupted"),
    Reason("expired"),
    Reason("failed"),
)
"""The outcomes in the speaker's log lines; `skipped` is a reason too."""


def reason_text(about: object, field: str) -> str:
    """Return the translated `reason` of a row or a JSON object.

    Without one, as in rows of earlier versions, that is the English sentence in `field`.
    """
    read = about.get if isinstance(about, Mapping) else functools.partial(_attribute, about)
    reason = read("reason")
    if isinstance(reason, Mapping) and "args" in reason:
        return _line(reason["code"], reason["args"])
    return translate(Reason.from_json(reason) or str(read(field) or ""))


def _attribute(about: object, name: str) -> Any:
    return getattr(about, name, None)


def _line(template: str, args: Sequence[Any]) -> str:
    """Translate a line of the log; its template has %s and %d for its values."""
    values = tuple(translate_value(Reason.from_json(each) or each) for each in args)
    return pgettext(CONTEXT, template).replace("%d", "%s") % values


def for_scripts() -> dict[str, str]:
    """Return the translations of all codes; none if the language is English."""
    return _codes(get_language() or "en")


@functools.cache
def _codes(language: str) -> dict[str, str]:
    catalog = JavaScriptCatalog()
    catalog.translation = DjangoTranslation(language)
    begin = f"{CONTEXT}\x04"
    return {
        f"{MARK}{code.removeprefix(begin)}": text
        for code, text in catalog.get_catalog().items()
        if code.startswith(begin) and isinstance(text, str)
    }
