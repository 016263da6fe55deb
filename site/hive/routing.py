"""The hive's WebSockets."""

from django.urls import path

from hive.consumers import ChatConsumer, HiveConsumer, LoudspeakerConsumer, PuppetConsumer

websocket_urlpatterns = [
    path("ws/chat/<str:visit>/", ChatConsumer.as_asgi()),
    path("ws/hive/", HiveConsumer.as_asgi()),
    path("ws/loudspeaker/", LoudspeakerConsumer.as_asgi()),
    path("ws/puppet/<str:device_id>/", PuppetConsumer.as_asgi()),
]
