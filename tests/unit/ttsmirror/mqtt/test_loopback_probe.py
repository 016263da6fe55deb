"""The probe of the broker by a message to oneself."""

from __future__ import annotations

from typing import Any

from ttsmirror.mqtt.loopback_probe import LoopbackProbe


class EchoingConnection:
    """A connection whose message comes back before publish() returns."""

    number, is_ready, instance, address = 1, True, "one", "b:1883"
    error = fault = ""
    proved = 0
    probe: LoopbackProbe

    def tend(self) -> None:
        pass

    def publish(self, topic: str, payload: bytes) -> None:
        self.probe.receive(payload)

    def prove_current(self) -> None:
        self.proved += 1


def test_echo_that_returns_at_once_is_no_failure() -> None:
    connection: Any = EchoingConnection()
    connection.probe = LoopbackProbe(connection, "tts-subscriber")
    connection.probe.send()
    assert connection.proved == 1
    assert connection.probe.error == ""
