"""The monitor's WebSocket."""

from django.urls import path

from ttsmonitor.consumers import MonitorConsumer

websocket_urlpatterns = [
    path("ws/monitor/", MonitorConsumer.as_asgi()),
]
