"""What Home Assistant's lists of voices and moods offer, and what was chosen.

A choice applies to what Home Assistant says. The voice is the voice setting of the source
`home_assistant`, which the admin shows, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from ttsmirror.text import language_tag
from ttsmonitor.conf import conf
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.choice import installed_voices
from ttsmonitor.synthesis.registry import FALLBACK
from ttsmonitor.web.labels import MOODS, mood_label

SOURCE = "home_assistant"
"""Source of what Home Assistant says."""
NEUTRAL = MOODS[0]


@contextmanager
def household_language() -> Iterator[None]:
    """Use the household's language: TTS_LANG, if the pages are translated into it."""
    spoken = language_tag(conf.TTS_LANG).partition("-")[0]
    known = spoken in dict(settings.LANGUAGES)
    with translation.override(spoken if known else settings.LANGUAGE_CODE):
        yield


def automatic_label() -> str:
    """Return the label for no voice in particular."""
    return gettext("Automatic")


def voice_names() -> list[str]:
    """Return the names of the installed voices."""
    found = installed_voices(engine_config())
    return [voice.name for voice in found if voice.engine != FALLBACK.name]


def mood_labels() -> dict[str, str]:
    """Return the moods by their labels."""
    return {mood_label(mood): mood for mood in MOODS}


def find_mood(label: str) -> str:
    """Return the mood of this label, in any language of the pages; empty if there is none.

    The broker keeps the label that was chosen, and the household's language may change.
    """
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            if mood := mood_labels().get(label, ""):
                return mood
    return ""


def voice_label() -> str | None:
    """Return the label of the chosen voice; None if that voice is no longer installed."""
    found = VoiceSetting.objects.filter(source=SOURCE, device_id="", lang="").first()
    if found is None or not found.voice:
        return automatic_label()
    return found.voice if found.voice in voice_names() else None


def choose_voice(name: str) -> None:
    """Have what Home Assistant says spoken by this voice; by any if the name is empty."""
    chosen = {"voice": name, "speaker": None}
    if name:
        VoiceSetting.objects.update_or_create(defaults=chosen, source=SOURCE, device_id="", lang="")
    else:
        VoiceSetting.objects.filter(source=SOURCE, device_id="", lang="").update(**chosen)
