"""Admin forms: the configuration of robots in plain fields."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hive.models import Configuration, Robot
from hive.robot_config import DEFAULTS, LEVELS, PAIRING
from ttsmonitor.models import Household


def _time_zones() -> list[tuple[str, Any]]:
    return [
        ("", _("as in the configuration of all robots")),
        *((zone, zone) for zone in sorted(available_timezones())),
    ]


class ConfigForm(forms.ModelForm):  # type: ignore[type-arg]
    """A configuration with a field for each usual part; an empty field means the default.

    The JSON as a whole can be edited too. Only changed fields are written into it.
    """

    audio_volume = forms.FloatField(
        label=_("Volume"), required=False, min_value=0, max_value=1, help_text=_("0 to 1")
    )
    screen_brightness = forms.FloatField(
        label=_("Brightness"), required=False, min_value=0, max_value=1, help_text=_("0 to 1")
    )
    audio_wake_set = forms.CharField(
        label=_("Wake set"),
        required=False,
        help_text=_("The words that wake the robot up, such as off."),
    )
    timezone_id = forms.ChoiceField(label=_("Time zone"), required=False, choices=_time_zones)
    pairing_status = forms.ChoiceField(
        label=_("Pairing"),
        required=False,
        choices=[
            ("", _("as in the configuration of all robots")),
            *((name, name) for name in PAIRING),
        ],
    )

    PARTS: ClassVar = (*LEVELS, "audio_wake_set", "timezone_id", "pairing_status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.config if isinstance(self.instance.config, dict) else {}
        for name in self.PARTS:
            self.initial.setdefault(name, stored.get(name))

    def clean(self) -> dict[str, Any]:
        """Write the changed fields into the JSON."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        config = cleaned.get("config")
        if not isinstance(config, dict):
            return cleaned
        for name in self.PARTS:
            if name not in self.changed_data or name not in cleaned:
                continue
            if cleaned[name] in ("", None):
                config.pop(name, None)
            else:
                config[name] = str(cleaned[name])
        return cleaned


class RobotForm(ConfigForm):
    """The configuration of one robot, which differs from that of all robots."""

    class Meta:
        model = Robot
        fields = ("device_id", "name", "nickname", "puppet_mode", "config")


class ConfigurationForm(ConfigForm):
    """The configuration of all robots, where an empty field means the built-in default."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("timezone_id", "pairing_status"):
            choice: Any = self.fields[name]
            value = Household.zone() if name == "timezone_id" else DEFAULTS[name]
            built_in = gettext("default: {value}").format(value=value)
            choice.choices = [("", built_in), *list(choice.choices)[1:]]

    class Meta:
        model = Configuration
        fields = ("config", "schedule", "chat_fallback")


class CommandRowForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row of the list of commands, whose fields have names for screen readers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label
