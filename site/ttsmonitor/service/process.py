"""The speech process: the service on its threads, the monitor on the main one."""

from __future__ import annotations

import gc
import logging
import sys
import threading

from channels.routing import get_default_application

from ttsmirror.exceptions import MoxieTTSError
from ttsmirror.mqtt.account import SPEECH, log_in_as
from ttsmirror.publishing import outbox
from ttsmirror.publishing.mirror import get_tts_mirror, speak_as
from ttsmonitor import live_events
from ttsmonitor.conf import conf
from ttsmonitor.history import hourly
from ttsmonitor.intake.subscriber import COMPONENT
from ttsmonitor.service.service import SpeechService
from ttsmonitor.system.lock import Service, only_one
from ttsmonitor.system.orphans import end_resource_tracker
from ttsmonitor.system.private_files import tighten_installation
from ttsmonitor.system.signals import on_stop_signal
from ttsmonitor.system.stderr import without_portaudio_noise
from ttsmonitor.system.systemd import Systemd
from ttsmonitor.system.watchdog import Watchdog
from ttsmonitor.web.live_consumer import wait_for_goodbyes
from ttsmonitor.web.server import WebServer, ensure_port_free
from ttsmonitor.web.urlconf import WithUrlconf

logger = logging.getLogger(__name__)

SWITCH_SECONDS = 0.0005


def run() -> None:
    """Serve until SIGINT or SIGTERM; then finish the sentence and return.

    Raises ListenError or AlreadyRunningError before anything starts, MoxieTTSError if the
    service cannot start or go on.
    """
    log_in_as(SPEECH)
    with only_one(conf.work_dir, Service.SPEECH), without_portaudio_noise():
        tighten_installation()
        _serve()


def _serve() -> None:
    # A thread that has sound to play waits this long at most for one that writes to the history.
    sys.setswitchinterval(SWITCH_SECONDS)
    ensure_port_free(conf.HTTP_HOST, conf.HTTP_PORT)
    speak_as(COMPONENT)
    failures: list[MoxieTTSError] = []
    service = SpeechService(on_failure=lambda error: fail(error))
    web = WebServer(
        WithUrlconf(get_default_application(), "openmoxie.urls_monitor"),
        conf.HTTP_HOST,
        conf.HTTP_PORT,
        on_ready=lambda: logger.info("monitor ready at %s", web.url),
    )
    systemd = Systemd()
    watchdog = Watchdog(lambda: service.restart_reason() or get_tts_mirror().fault, service.save)

    def stop() -> None:
        logger.info("stopping")
        systemd.stopping()
        watchdog.stop()
        get_tts_mirror().stop()  # while the service still confirms what was said here
        service.stop()
        wait_for_goodbyes()
        web.stop()

    def fail(error: MoxieTTSError) -> None:
        if not failures:
            failures.append(error)
            threading.Thread(target=stop, name="ttsmonitor.stop").start()

    def start() -> None:
        # Beside the web server, which shows meanwhile what is not ready yet.
        try:
            if service.start():
                if outbox.may_have_entries(COMPONENT):  # what was said here and not confirmed
                    get_tts_mirror().start()
                _spare_what_stays()
                logger.info("speech service ready")
                systemd.ready()
                systemd.feed_from(web.loop)
                watchdog.start()
                hourly.warm_up()
        except Exception as exc:
            logger.exception("the speech service could not start")
            fail(MoxieTTSError(f"The speech service could not start: {exc}"))

    with on_stop_signal(stop):
        live_events.bind(web.loop)
        starting = threading.Thread(target=start, name="ttsmonitor.start")
        starting.start()
        try:
            web.run()
        finally:
            live_events.bind(None)
            starting.join()
            service.stop()
            end_resource_tracker()
    if failures:
        raise failures[0]


def _spare_what_stays() -> None:
    """Freeze the objects loaded at startup.

    A full collection would stop every thread for 30 ms, in the middle of a sentence.
    """
    gc.collect()
    gc.freeze()
