"""The hive's URLs (:8000)."""

from django.urls import path

from hive import openapi, views
from hive.api import chat, favourites, robots
from ttsmonitor.web.openapi_page import json_view, page_view

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("puppet/<str:device_id>/", views.puppet, name="puppet"),
    path("speak/", views.loudspeaker, name="loudspeaker"),
    path("chat/", views.chat, name="chat"),
    path("health", views.health, name="hive-health"),
    path("api/", page_view(openapi.hive), name="api"),
    path("api/openapi.json", json_view(openapi.hive), name="openapi"),
    path("api/chat/<str:visit>", chat.chat, name="api-chat"),
    path("api/chat/<str:visit>/interrupt", chat.interrupt, name="api-chat-interrupt"),
    path("api/favourites", favourites.favourites, name="api-favourites"),
    path("api/loudspeaker/speak", robots.speak_aloud, name="api-speak-aloud"),
    path("api/loudspeaker/interrupt", robots.interrupt_aloud, name="api-interrupt-aloud"),
    path("api/robots", robots.robots, name="api-robots"),
    path("api/robots/<str:device_id>", robots.robot, name="api-robot"),
    path("api/robots/<str:device_id>/speak", robots.speak, name="api-speak"),
    path("api/robots/<str:device_id>/interrupt", robots.interrupt, name="api-interrupt"),
    path("api/robots/<str:device_id>/puppet", robots.puppet, name="api-puppet"),
    path("api/robots/<str:device_id>/wakeup", robots.wakeup, name="api-wakeup"),
]
