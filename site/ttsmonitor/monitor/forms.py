"""Forms: a voice setting, with choices from what is installed and known; the retention."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ttsmonitor.conf import conf
from ttsmonitor.history.counts import heard_of
from ttsmonitor.models import VoiceSetting
from ttsmonitor.synthesis.piper.voices import ESPEAK, installed_voices
from ttsmonitor.web.labels import SOURCES, source_label

Choices = dict[str, str]


class VoiceSettingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A voice setting with choices; a stored value stays one of them, installed or not."""

    class Meta:
        """Model and fields."""

        model = VoiceSetting
        fields = ("device_id", "source", "lang", "voice", "speaker", "speed", "volume")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Look up the choices of this moment."""
        super().__init__(*args, **kwargs)
        for name, choices in {
            "device_id": {each: each for each in heard_of("device_id")},
            "source": {each: source_label(each) for each in [*SOURCES, *heard_of("source")]},
            "voice": voice_choices(),
        }.items():
            self.fields[name] = self._choice(name, choices)

    def _choice(self, name: str, choices: Choices) -> forms.ChoiceField:
        if stored := getattr(self.instance, name):
            choices.setdefault(stored, stored)
        empty = _("the one for its language") if name == "voice" else _("any")
        field = self.fields[name]
        return forms.ChoiceField(
            label=field.label, required=False, choices=[("", empty), *choices.items()]
        )


def voice_choices() -> Choices:
    """Return the installed voices by the names that messages use."""
    installed = installed_voices(conf.path("TTS_VOICE_DIR"))
    named = {voice.name: _described(voice.name, voice.speakers) for voice in installed}
    return named | {ESPEAK: "eSpeak NG"}


def _described(name: str, speakers: int) -> str:
    if speakers < 2:
        return name
    return str(_("{name} (speakers 0 to {last})")).format(name=name, last=speakers - 1)


class KeepingForm(forms.Form):
    """The retention of the history in days."""

    MOST_DAYS = 36_500

    days = forms.IntegerField(min_value=0, max_value=MOST_DAYS)
