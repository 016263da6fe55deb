"""Placeholders in the sentences that people write: nickname, speech, time and date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format

from hive.chat.clock import agree_with_hour, time_in_words
from ttsmirror.text import clean, shorten

SPEECH_CHARACTERS = 300
NAMELESS = {"es": "un niño", "en": "a child"}


@dataclass(frozen=True)
class Asked:
    """The child's nickname and words, and the time zone it lives in."""

    nickname: str = ""
    speech: str = ""
    zone: str = ""
    """Empty: this computer's."""


def fill(text: str, asked: Asked, lang: str = "es") -> str:
    """Return `text` with its placeholders filled in; unknown ones stay."""
    values = {"nickname": asked.nickname, "speech": shorten(asked.speech, SPEECH_CHARACTERS)}
    if "{time}" in text or "{date}" in text:
        now = timezone.localtime(timezone=ZoneInfo(asked.zone) if asked.zone else None)
        text = agree_with_hour(text, now.hour, lang)
        with translation.override(lang):
            date = "l j \\d\\e F" if lang == "es" else "l, F j"
            values |= {"time": time_in_words(now, lang), "date": date_format(now, date)}
    if not asked.nickname:
        text = text.replace(", {nickname}", "")
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return clean(text.strip())


def fill_prompt(text: str, asked: Asked, lang: str) -> str:
    """Return a module's prompt for this child."""
    return fill(text, replace(asked, nickname=asked.nickname or NAMELESS.get(lang, "")), lang)
