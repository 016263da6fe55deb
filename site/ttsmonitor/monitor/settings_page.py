"""The page that lists all pages with settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, is_valid_path, reverse
from django.utils.translation import gettext_lazy as _

from ttsmonitor.models import Scope
from ttsmonitor.monitor.backup_page import backup_line
from ttsmonitor.web.pages import page


@dataclass(frozen=True)
class Card:
    """A link of the list. A page that this site lacks is left out."""

    icon: str
    title: Any
    about: Any
    path: str = ""
    view: str = ""
    """The name of a view of the admin, in place of the path."""
    permission: str = ""
    """The permission of Django that the visitor needs to see it."""

    def url(self, request: HttpRequest) -> str:
        """Return the address, or an empty string if the visitor gets nothing there."""
        if self.permission and not request.user.has_perm(self.permission):
            return ""
        if self.path:
            return self.path if is_valid_path(self.path, getattr(request, "urlconf", None)) else ""
        if not admin.site.has_permission(request):
            return ""
        try:
            return reverse(f"admin:{self.view}")
        except NoReverseMatch:
            return ""


CARDS = (
    Card(
        "house-door-fill",
        _("Guide"),
        _("Language, voice, sound and robot, step by step"),
        path="/setup/",
        permission=Scope.ADMIN.permission,
    ),
    Card(
        "soundwave",
        _("Voices and sound"),
        _("How Moxie sounds, and where you hear it"),
        path="/settings/voices/",
    ),
    Card(
        "robot",
        _("Names and time zone"),
        _("What your robots are called, and where they live"),
        path="/settings/robots/",
    ),
    Card(
        "activity",
        _("Diagnostics"),
        _("Statistics, charts and the log"),
        path="/diagnostics/",
    ),
    Card(
        "phone",
        _("Open on your phone"),
        _("The address of these pages, as a QR code"),
        path="/phone/",
    ),
    Card(
        "gear-fill",
        _("Settings of all robots"),
        _("Volume, brightness and more, for robots without settings of their own"),
        view="hive_configuration_changelist",
        permission="hive.view_configuration",
    ),
    Card(
        "box-arrow-in-right",
        _("Accounts"),
        _("Who may log in, and what they may do"),
        view="auth_user_changelist",
        permission="auth.view_user",
    ),
    Card(
        "lightning-charge-fill",
        _("API tokens"),
        _("Programs that may use Moxie; revoke them here"),
        view="ttsmonitor_apitoken_changelist",
        permission="ttsmonitor.view_apitoken",
    ),
    Card(
        "database-fill",
        _("Administration"),
        _("All stored data, for whoever looks after this computer"),
        view="index",
    ),
)


@page
def settings(request: HttpRequest) -> HttpResponse:
    """Show links to the pages with settings that the visitor may open."""
    context = {"cards": list(_cards(request)), "backup": backup_line(request)}
    return render(request, "ttsmonitor/settings.html", context)


def _cards(request: HttpRequest) -> Iterator[tuple[Card, str]]:
    for card in CARDS:
        if url := card.url(request):
            yield card, url
