"""Forms: a voice setting, with choices from what is installed and known; the retention."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ttsmonitor.exceptions import SynthesisError
from ttsmonitor.history.counts import recent_values
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.engine_config import engine_config
from ttsmonitor.synthesis.choice import find_voice, installed_voices
from ttsmonitor.web.labels import SOURCES, robot_label, source_label

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
            "device_id": {each: robot_label(each) for each in recent_values("device_id")},
            "source": {each: source_label(each) for each in [*SOURCES, *recent_values("source")]},
            "voice": voice_choices(),
        }.items():
            self.fields[name] = self._choice(name, choices)

    def clean(self) -> dict[str, Any]:
        """Refuse a voice for a language that is not its own."""
        given: dict[str, Any] = super().clean() or {}
        name, lang = given.get("voice", ""), given.get("lang", "")
        if lang and name:
            with suppress(SynthesisError):  # one that is not installed cannot be asked
                voice = find_voice(name, engine_config())
                if not voice.reads(lang):
                    words = _("This voice reads {lang} only.")
                    self.add_error("voice", words.format(lang=", ".join(voice.langs) or "–"))
        return given

    def _choice(self, name: str, choices: Choices) -> forms.ChoiceField:
        if stored := getattr(self.instance, name):
            choices.setdefault(stored, stored)
        empty = _("the default for the language") if name == "voice" else _("any")
        field = self.fields[name]
        return forms.ChoiceField(
            label=field.label, required=False, choices=[("", empty), *choices.items()]
        )


def voice_choices() -> Choices:
    """Return the installed voices of all engines, by the names that messages give them."""
    installed = installed_voices(engine_config())
    return {
        voice.name: _described(voice.title or voice.name, voice.speakers) for voice in installed
    }


def _described(name: str, speakers: int) -> str:
    if speakers < 2:
        return name
    return str(_("{name} (speakers 0 to {last})")).format(name=name, last=speakers - 1)


class RetentionForm(forms.Form):
    """The days after which an utterance is deleted."""

    MAX_DAYS = 36_500

    days = forms.IntegerField(min_value=0, max_value=MAX_DAYS)
