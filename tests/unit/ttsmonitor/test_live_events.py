"""Live events and failures of their channel layer."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.tools import wait_until
from ttsmonitor import live_events
from ttsmonitor.service.activity import ActivityHandler


class BrokenLayer:
    """A channel layer without a server."""

    def __init__(self) -> None:
        self.asked = 0

    async def group_send(self, group: str, message: Any) -> None:
        self.asked += 1
        raise ConnectionError("no Redis answers")


@pytest.fixture
def layer(monkeypatch: pytest.MonkeyPatch) -> Iterator[BrokenLayer]:
    made, loop = BrokenLayer(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    monkeypatch.setattr("channels.layers.get_channel_layer", lambda: made)
    live_events.bind(loop)
    yield made
    live_events.bind(None)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_missing_layer_is_logged_once(layer: BrokenLayer, caplog: pytest.LogCaptureFixture) -> None:
    logger, handler = logging.getLogger("ttsmonitor"), ActivityHandler()
    logger.addHandler(handler)
    try:
        for _ in range(5):
            logger.info("something happened")
        wait_until(lambda: layer.asked == 6, "five lines and the one about them")
    finally:
        logger.removeHandler(handler)
    assert layer.asked == 6
    assert caplog.text.count("cannot be pushed") == 1
    assert any("no Redis answers" in entry["text"] for entry in handler.entries())


def test_activity_shortens_ids() -> None:
    logger, handler = logging.getLogger("ttsmonitor"), ActivityHandler()
    logger.addHandler(handler)
    try:
        logger.info("spoken %s (%.1f s): %s", uuid.UUID(int=7 << 96), 2, "100 %")
        logger.info("100 %")
    finally:
        logger.removeHandler(handler)
    said = [entry["text"] for entry in handler.entries()]
    assert said == ["spoken 00000007 (2.0 s): 100 %", "100 %"]
