"""The hive's URLs (:8000)."""

from django.urls import include, path

from hive import add_robot, metrics, openapi, views
from ttsmonitor.web.openapi_page import json_view, page_view

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("robots/add/", add_robot.begin, name="add-robot"),
    path("robots/add/wifi/", add_robot.wifi, name="add-robot-wifi"),
    path("robots/add/code/", add_robot.code, name="add-robot-code"),
    path("robots/add/code/make/", add_robot.make_code, name="add-robot-make-code"),
    path("robots/add/meet/", add_robot.meet, name="add-robot-meet"),
    path("robots/add/done/", add_robot.done, name="add-robot-done"),
    path("robots/simulated/", add_robot.simulated, name="add-robot-simulated"),
    path("robots/simulated/switch/", add_robot.switch_simulated, name="switch-simulated"),
    path("puppet/<str:device_id>/", views.puppet, name="puppet"),
    path("speak/", views.loudspeaker, name="loudspeaker"),
    path("chat/", views.chat, name="chat"),
    path("health", views.health, name="hive-health"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/", page_view(openapi.hive), name="api"),
    path("api/openapi.json", json_view(openapi.hive), name="openapi"),
    path("api/", include(openapi.hive.urlpatterns)),
]
