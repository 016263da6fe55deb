"""The monitor's WebSockets, and that of the status line on both sites."""

from django.urls import path

from ttsmonitor.monitor.consumers import MonitorConsumer, NoticesConsumer
from ttsmonitor.monitor.listening import ListenConsumer

websocket_urlpatterns = [
    path("ws/monitor/", MonitorConsumer.as_asgi()),
    path("ws/listen/", ListenConsumer.as_asgi()),
    path("ws/notices/", NoticesConsumer.as_asgi()),
]
