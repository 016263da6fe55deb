"""The monitor's URLs (:8787)."""

from django.urls import include, path

from ttsmonitor.monitor import openapi, settings_page, views, voices_page
from ttsmonitor.web.openapi_page import json_view, page_view

urlpatterns = [
    path("", views.monitor, name="monitor"),
    path("diagnostics/", views.diagnostics, name="diagnostics"),
    path("settings/", settings_page.settings, name="settings"),
    path("settings/voices/", voices_page.voices, name="voices"),
    path("health", views.health, name="health"),
    path("api/", page_view(openapi.monitor), name="api"),
    path("api/openapi.json", json_view(openapi.monitor), name="openapi"),
    path("api/", include(openapi.monitor.urlpatterns)),
]
