"""A MoxieServer for tests, with a mirror of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hive.chat.defaults import make_defaults
from hive.models import ChatModule, GlobalCommand
from hive.mqtt import mqtt_tts_mirror
from hive.mqtt.moxie_server import MoxieServer
from tests.support.tools import wait_until


def make_modules() -> None:
    """What the migration made, and a test with transactions has swept away."""
    make_defaults(ChatModule.objects, GlobalCommand.objects)


@contextmanager
def started_hive() -> Iterator[MoxieServer]:
    """A server that connects to the broker of the settings, where that lets it."""
    mqtt_tts_mirror.get_tts_mirror.cache_clear()
    make_modules()
    made = MoxieServer()
    made.start()
    try:
        yield made
    finally:
        made.stop()
        mqtt_tts_mirror.get_tts_mirror().stop(0.2)  # nobody confirms here
        mqtt_tts_mirror.get_tts_mirror.cache_clear()


@contextmanager
def connected_hive() -> Iterator[MoxieServer]:
    """A connected server."""
    with started_hive() as made:
        wait_until(lambda: made.is_ready, "the robot link")
        yield made
