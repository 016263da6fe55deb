"""The monitor's URLs (:8787)."""

from django.urls import path

from ttsmonitor import api, listening, views

urlpatterns = [
    path("", views.monitor, name="monitor"),
    path("health", views.health, name="health"),
    path("api/status", api.status, name="api-status"),
    path("api/queue", api.queue, name="api-queue"),
    path("api/stats", api.statistics, name="api-stats"),
    path("api/history", api.history, name="api-history"),
    path("api/utterances/<uuid:utterance_id>/audio", listening.audio, name="api-audio"),
    path("api/control", api.control, name="api-control"),
]
