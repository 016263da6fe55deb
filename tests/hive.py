"""A MoxieServer for tests, connected to the broker of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hive.mqtt import mqtt_tts_mirror
from hive.mqtt.moxie_server import MoxieServer
from tests.tools import wait_until


@contextmanager
def connected_hive() -> Iterator[MoxieServer]:
    """A connected server, with a mirror of its own."""
    mqtt_tts_mirror.get_tts_mirror.cache_clear()
    made = MoxieServer()
    made.start()
    try:
        wait_until(lambda: made.is_ready, "the robot link")
        yield made
    finally:
        made.stop()
        mqtt_tts_mirror.get_tts_mirror().stop(0.2)  # nobody confirms here
        mqtt_tts_mirror.get_tts_mirror.cache_clear()
