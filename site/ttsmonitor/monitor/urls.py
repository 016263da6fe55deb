"""The monitor's URLs (:8787)."""

from django.urls import include, path

from ttsmonitor.models.setup_guide import STEPS
from ttsmonitor.monitor import (
    backup_page,
    guide_pages,
    metrics,
    openai_api,
    openapi,
    robots_page,
    settings_page,
    views,
    voices_page,
)
from ttsmonitor.web import jsonapi
from ttsmonitor.web.access import needs
from ttsmonitor.web.openapi_page import json_view, page_view

urlpatterns = [
    path("", views.monitor, name="monitor"),
    path("diagnostics/", views.diagnostics, name="diagnostics"),
    path("settings/", settings_page.settings, name="settings"),
    path("settings/backup/", backup_page.download, name="settings-backup"),
    path("setup/", guide_pages.index, name="setup"),
    path("setup/skip/", guide_pages.skip, name="setup-skip"),
    *(path(f"setup/{name}/", guide_pages.step, {"name": name}, f"setup-{name}") for name in STEPS),
    path("settings/robots/", robots_page.robots, name="settings-robots"),
    path("settings/robots/save/", robots_page.save, name="settings-robots-save"),
    path("settings/voices/", voices_page.voices, name="voices"),
    path("health", views.health, name="health"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/", page_view(openapi.monitor), name="api"),
    path("api/openapi.json", json_view(openapi.monitor), name="openapi"),
    path("api/", include(openapi.monitor.urlpatterns)),
    path("v1/audio/speech", openai_api.speech, name="openai-speech"),
    path("v1/audio/voices", openai_api.voices, name="openai-voices"),
    path("v1/models", openai_api.models, name="openai-models"),
    path("v1/models/<str:name>", openai_api.model, name="openai-model"),
    path("v1/<path:rest>", needs(None)(jsonapi.unknown)),
]
