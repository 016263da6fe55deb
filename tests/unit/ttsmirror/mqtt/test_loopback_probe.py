"""The probe of the broker by a message to oneself."""

from __future__ import annotations

from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from ttsmirror.mqtt.connection import MQTTConnection
from ttsmirror.mqtt.loopback_probe import LoopbackProbe


class EchoingConnection:
    """A connection whose message comes back before publish() returns."""

    number, is_ready, instance, address = 1, True, "one", "b:1883"
    error = fault = denied = ""
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


def test_refused_subscription_is_an_error_until_it_is_granted() -> None:
    topics = ("moxie/tts/text", "moxie/tts/control")
    connection = MQTTConnection("one", subscriptions=[(topic, 1) for topic in topics])
    probe = LoopbackProbe(connection, "tts-subscriber")
    granted, denied = (ReasonCode(PacketTypes.SUBACK, identifier=number) for number in (1, 135))
    connection._pending_subscription = 7
    connection._subscribed(7, [denied, granted])
    assert connection.is_ready
    assert probe.error == ("the broker's access rules forbid this account to read moxie/tts/text")
    connection._subscribed(7, [granted, granted])
    assert probe.error == ""
