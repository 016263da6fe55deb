"""Components that check the broker with messages to themselves meet others of their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import Broker
from tests.support.tools import PATIENCE_SECONDS, Listener, wait_until
from ttsmirror.mqtt import loopback_probe as module
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.mqtt.loopback_probe import LoopbackProbe
from ttsmirror.wire.messages import HEALTH_TOPIC


@contextmanager
def probing(client_id: str, component: str) -> Iterator[LoopbackProbe]:
    def receive(message: Received) -> None:
        probe.receive(message.payload)

    connection = MQTTConnection(client_id, subscriptions=[(HEALTH_TOPIC, 0)], on_message=receive)
    probe = LoopbackProbe(connection, component)
    connection.start()
    try:
        assert connection.wait_ready(PATIENCE_SECONDS)
        yield probe
    finally:
        connection.stop()


def test_two_components_of_a_kind_notice_each_other(
    quick: Broker, monkeypatch: pytest.MonkeyPatch, listen: Callable[..., Listener]
) -> None:
    echoes = listen(HEALTH_TOPIC)
    with (
        probing("one", "tts-subscriber") as one,
        probing("two", "tts-subscriber") as two,
        probing("three", "hive") as hive,
    ):
        for probe in (one, two, hive):
            probe.send()
        wait_until(lambda: one.error and two.error, "both to notice")
        assert "another tts-subscriber is at the broker" in one.error
        wait_until(lambda: len(echoes.messages) == 3, "all probes")
        assert hive.error == ""
        monkeypatch.setattr(module, "RIVAL_SECONDS", 0.0)
        assert one.error == "", "the other one has gone"
