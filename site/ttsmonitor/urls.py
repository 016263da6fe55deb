"""The monitor's URLs (:8787)."""

from django.urls import path

from ttsmonitor import api, say_api, views

urlpatterns = [
    path("", views.monitor, name="monitor"),
    path("health", views.health, name="health"),
    path("api/status", api.status, name="api-status"),
    path("api/queue", api.queue, name="api-queue"),
    path("api/stats", api.statistics, name="api-stats"),
    path("api/history", api.history, name="api-history"),
    path("api/say", say_api.say, name="api-say"),
    path("api/control", api.control, name="api-control"),
]
