"""The monitor's URLs (:8787)."""

from django.urls import path

from ttsmonitor.monitor import api, openapi, say_api, stats_api, views
from ttsmonitor.web.openapi_page import json_view, page_view

urlpatterns = [
    path("", views.monitor, name="monitor"),
    path("health", views.health, name="health"),
    path("api/", page_view(openapi.monitor), name="api"),
    path("api/openapi.json", json_view(openapi.monitor), name="openapi"),
    path("api/status", api.status, name="api-status"),
    path("api/queue", api.queue, name="api-queue"),
    path("api/stats", api.statistics, name="api-stats"),
    path("api/stats/series", stats_api.over_time, name="api-series"),
    path("api/stats/broker", stats_api.broker, name="api-broker"),
    path("api/history", api.history, name="api-history"),
    path("api/say", say_api.say, name="api-say"),
    path("api/utterances/<uuid:utterance_id>/audio", api.audio, name="api-audio"),
    path("api/control", api.control, name="api-control"),
]
