"""A MoxieServer for tests, with its own mirror."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hive.chat.defaults import make_defaults
from hive.models import ChatModule, GlobalCommand
from hive.mqtt import mqtt_tts_mirror
from hive.mqtt.moxie_server import MoxieServer
from tests.support.tools import wait_until


def make_modules() -> None:
    """Restore the modules that transactional tests delete."""
    make_defaults(ChatModule.objects, GlobalCommand.objects)


@contextmanager
def started_hive() -> Iterator[MoxieServer]:
    """Run a server that connects to the configured broker if it can."""
    mqtt_tts_mirror.get_tts_mirror.cache_clear()
    make_modules()
    made = MoxieServer()
    made.start()
    try:
        yield made
    finally:
        made.stop()
        mqtt_tts_mirror.get_tts_mirror().stop(0.2)  # no subscriber confirms in these tests
        mqtt_tts_mirror.get_tts_mirror.cache_clear()


@contextmanager
def connected_hive() -> Iterator[MoxieServer]:
    """Run a server and wait until it is connected."""
    with started_hive() as made:
        wait_until(lambda: made.is_ready, "the robot link")
        yield made
