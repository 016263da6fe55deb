"""The page of voices and sound."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ttsmonitor.conf import conf
from ttsmonitor.models import VoiceSetting
from ttsmonitor.monitor import voices_state
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.choice import installed_voices
from ttsmonitor.synthesis.prosody import prosody_of
from ttsmonitor.web.labels import MOODS, strings
from ttsmonitor.web.pages import page


@page
def voices(request: HttpRequest) -> HttpResponse:
    """Show the voices, the sound device, the pronunciations, and what moods change."""
    langs = voices_state.languages(installed_voices(engine_config()), VoiceSetting.objects.all())
    context = {
        "engine": conf.TTS_ENGINE,
        "moods": MOODS,
        "prosody": [(mood, *map(_change, prosody_of(mood, 1.0))) for mood in MOODS],
        "spoken_languages": [(lang, voices_state.language_title(lang)) for lang in langs],
        "strings": strings(),
    }
    return render(request, "ttsmonitor/settings/voices.html", context)


def _change(factor: float) -> str:
    """Return a factor as a change in percent."""
    percent = round((factor - 1) * 100)
    return f"{percent:+d} %".replace("-", "−") if percent else "–"
