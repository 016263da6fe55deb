"""The monitor's WebSockets."""

from django.urls import path

from ttsmonitor.monitor.consumers import MonitorConsumer
from ttsmonitor.monitor.listening import ListenConsumer

websocket_urlpatterns = [
    path("ws/monitor/", MonitorConsumer.as_asgi()),
    path("ws/listen/", ListenConsumer.as_asgi()),
]
