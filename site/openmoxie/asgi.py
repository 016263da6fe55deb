"""The ASGI application of both processes: pages over HTTP, live changes over WebSocket."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openmoxie.settings")
http_application = get_asgi_application()  # before anything that imports models

from hive.routing import websocket_urlpatterns as hive_urlpatterns  # noqa: E402
from ttsmonitor.monitor.routing import websocket_urlpatterns as monitor_urlpatterns  # noqa: E402
from ttsmonitor.web.access import AccessAuthMiddlewareStack  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http_application,
        "websocket": AccessAuthMiddlewareStack(
            URLRouter([*hive_urlpatterns, *monitor_urlpatterns])
        ),
    }
)
