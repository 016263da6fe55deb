"""The page of the robots' names and of the family's time zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ttsmonitor.history import counts
from ttsmonitor.history.robot_names import VISIT, robot_names, set_name
from ttsmonitor.models import Household, RobotName, Scope
from ttsmonitor.web.access import is_permitted, needs
from ttsmonitor.web.pages import page
from ttsmonitor.web.time_zone import zone_of

CHANGE = "ttsmonitor.change_robotname"
CONTINENTS = frozenset(
    "Africa America Antarctica Asia Atlantic Australia Europe Indian Pacific UTC".split()
)


class RobotsForm(forms.Form):
    """A name for each robot, and the time zone."""

    def __init__(self, names: dict[str, str], *args: Any, **kwargs: Any) -> None:
        """Make a field for each robot of `names`."""
        super().__init__(*args, **kwargs)
        most = RobotName._meta.get_field("name").max_length
        for device_id, name in names.items():
            self.fields[f"name-{device_id}"] = forms.CharField(
                label=robot_names.known_label(device_id),
                required=False,
                max_length=most,
                initial=name,
                widget=forms.TextInput({"class": "form-control"}),
            )
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"),
            required=False,
            choices=[
                ("", _("as on this computer: {zone}").format(zone=settings.TIME_ZONE)),
                *((zone, zone) for zone in _zones()),
            ],
            initial=Household.objects.values_list("time_zone", flat=True).first() or "",
            widget=forms.Select({"class": "form-select"}),
        )

    def robots(self) -> list[tuple[str, Any]]:
        """Return the id and the field of each robot."""
        return [
            (name.removeprefix("name-"), self[name])
            for name in self.fields
            if name.startswith("name-")
        ]


@page
def robots(request: HttpRequest) -> HttpResponse:
    """Show the names of the robots and the time zone."""
    return _page(request, RobotsForm(_names()))


@needs(Scope.ADMIN, CHANGE)
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Store the names and the time zone."""
    names = _names()
    form = RobotsForm(names, request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    for device_id, name in names.items():
        if (given := form.cleaned_data[f"name-{device_id}"].strip()) != name:
            set_name(device_id, given)
    if "time_zone" in form.changed_data:
        Household.choose_zone(form.cleaned_data["time_zone"])
    messages.success(request, _("Saved."))
    return redirect("settings-robots")


def _page(request: HttpRequest, form: RobotsForm, status: int = 200) -> HttpResponse:
    here = zone_of(request.COOKIES)
    context = {
        "form": form,
        "may_change": is_permitted(request, Scope.ADMIN, CHANGE),
        "other_zone": str(here) if here and str(here) != Household.zone() else "",
    }
    return render(request, "ttsmonitor/robots.html", context, status=status)


def _zones() -> list[str]:
    """Return the names of time zones by place, without the outdated ones such as `EST5EDT`."""
    return sorted(name for name in available_timezones() if name.partition("/")[0] in CONTINENTS)


def _names() -> dict[str, str]:
    """Return the known robots with their names: those of the hive, and those of the history."""
    robot_names.refresh()
    found = [each for each in counts.known_values("device_id") if not each.startswith(VISIT)]
    names = dict.fromkeys(found, "") | dict(RobotName.objects.values_list("device_id", "name"))
    return dict(sorted(names.items(), key=lambda item: (not item[1], item[1].casefold(), item[0])))
