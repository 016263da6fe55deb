"""Django's own server, with the robot link beside it."""

import threading
from typing import Any

from django.conf import settings
from django.core.management.commands.runserver import Command as RunserverCommand

from hive.mqtt.moxie_server import create_service_instance


class Command(RunserverCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        threading.Thread(target=self.serve_robots, daemon=True).start()
        super().handle(*args, **options)

    def serve_robots(self) -> None:
        endpoint = settings.MQTT_ENDPOINT
        create_service_instance(endpoint["project"], endpoint["host"], endpoint["port"], False)
