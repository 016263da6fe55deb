"""The hive's process: the pages on the main thread, the robot link on others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from channels.routing import get_default_application
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError

from hive.conf import conf
from hive.events import push_bye
from hive.exceptions import NotReadyError
from hive.models import Configuration, Robot
from hive.mqtt.moxie_server import get_moxie_server
from hive.mqtt.mqtt_tts_mirror import get_tts_mirror
from hive.mqtt.simulated_robot import get_simulated_robot
from ttsmirror.reasons import Reason
from ttsmonitor import live_events
from ttsmonitor.backup.nightly import NightlyBackup
from ttsmonitor.conf import conf as tts_conf
from ttsmonitor.history import hourly
from ttsmonitor.system.commands import manage_command
from ttsmonitor.system.signals import on_stop_signal
from ttsmonitor.system.watchdog import Watchdog
from ttsmonitor.web import notices
from ttsmonitor.web.live_consumer import wait_for_goodbyes
from ttsmonitor.web.server import WebServer, ensure_port_free

logger = logging.getLogger(__name__)


class HiveServer:
    """The web server and the robots' server. Any thread may call stop(), which is idempotent."""

    def __init__(self, on_ready: Callable[[str], None]) -> None:
        """Check ports and setup. Raises HiveError or ListenError if it cannot serve."""
        self._stop_lock = threading.Lock()
        self._stopped = False
        self._host, self._port = tts_conf.HTTP_HOST, conf.HIVE_PORT
        ensure_port_free(self._host, self._port, "HIVE_PORT")
        ensure_set_up()
        self._web = WebServer(
            get_default_application(),
            self._host,
            self._port,
            on_ready=lambda: on_ready(self._web.url),
        )
        self._robots = get_moxie_server()
        self._watchdog = Watchdog(self._robots.restart_reason)
        self._backup = NightlyBackup()

    def run(self) -> None:
        """Serve until stop() or a stop signal."""
        with on_stop_signal(self.stop):
            live_events.bind(self._web.loop)
            notices.set_source("speech", self._robots.speech.notices)
            self._robots.start()
            self._watchdog.start()
            self._backup.start()
            hourly.warm_up()
            try:
                self._web.run()
            finally:
                self.stop()
                live_events.bind(None)

    def stop(self) -> None:
        """Say goodbye to pages and broker, and end run()."""
        with self._stop_lock:
            if self._stopped:
                return
            self._stopped = True
            logger.info("stopping")
            self._watchdog.stop()
            self._backup.stop()
            push_bye()
            wait_for_goodbyes()
            get_simulated_robot().stop()
            self._robots.stop()
            get_tts_mirror().stop()
            self._web.stop()


def ensure_set_up() -> None:
    """Raise NotReadyError if the database or the static files are missing."""
    try:
        Configuration.objects.exists()
        Robot.objects.exists()
    except DatabaseError as exc:
        raise NotReadyError(
            Reason(
                "The database is not ready ({error}). Run: {command}",
                error=str(exc),
                command=manage_command("migrate"),
            )
        ) from exc
    try:
        staticfiles_storage.url("hive/puppet.js")
    except ValueError as exc:
        raise NotReadyError(
            Reason(
                "The static files are missing. Run: {command}",
                command=manage_command("collectstatic --noinput"),
            )
        ) from exc
