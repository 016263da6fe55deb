"""The hive's URLs (:8000)."""

from django.urls import include, path

from hive import openapi, views
from ttsmonitor.web.openapi_page import json_view, page_view

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("puppet/<str:device_id>/", views.puppet, name="puppet"),
    path("speak/", views.loudspeaker, name="loudspeaker"),
    path("chat/", views.chat, name="chat"),
    path("health", views.health, name="hive-health"),
    path("api/", page_view(openapi.hive), name="api"),
    path("api/openapi.json", json_view(openapi.hive), name="openapi"),
    path("api/", include(openapi.hive.urlpatterns)),
]
