"""Ask the broker whether this account may publish on a topic, and read it.

Mosquitto acknowledges a message over MQTT 3.1.1 even if its access rules then drop it. Over MQTT 5
it says so. So a client of its own asks, once something published was not heard of again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho

from ttsmirror.conf import conf
from ttsmirror.mqtt.client import secure
from ttsmirror.mqtt.paho_compat import is_old

ANSWER_SECONDS = 2.0
LOOP_SECONDS = 0.02
NOT_AUTHORIZED = 135


def publish_asking(topic: str, payload: bytes, host: str, port: int) -> bool | None:
    """Publish a message; return True if the broker took it, False if its access rules forbid it.

    Return None if nothing was published, as over a broker without MQTT 5. It takes ANSWER_SECONDS
    at most, and some more where nothing listens.
    """
    codes: list[int] = []
    asker = _Asker(lambda client: client.publish(topic, payload, qos=1))
    if asker.client is None:
        return None
    asker.client.on_publish = lambda client, data, mid, reason, more: codes.append(reason.value)
    asker.ask(host, port, lambda: bool(codes))
    return codes[0] != NOT_AUTHORIZED if codes else None


def may_read(topic: str, payload: bytes, host: str, port: int) -> bool | None:
    """Publish a message to oneself; return whether it comes. None where the broker takes none.

    Mosquitto's access rules let everybody subscribe and then deliver nothing; other brokers refuse.
    It takes as long as publish_asking().
    """
    taken: list[bool] = []
    came: list[bool] = []
    asker = _Asker(lambda client: client.subscribe(topic))
    if asker.client is None:
        return None

    def subscribed(client: paho.Client, data: Any, mid: int, reasons: Any, more: Any) -> None:
        if reasons[0].is_failure:
            came.append(False)
        else:
            client.publish(topic, payload, qos=1)

    def received(client: paho.Client, data: Any, message: paho.MQTTMessage) -> None:
        if bytes(message.payload) == payload:
            came.append(True)

    asker.client.on_subscribe = subscribed
    asker.client.on_publish = lambda *_: taken.append(True)
    asker.client.on_message = received
    asker.ask(host, port, lambda: bool(came))
    if came:
        return came[0]
    return False if taken else None


class _Asker:
    """A client with a connection of its own, for one question."""

    def __init__(self, question: Callable[[paho.Client], object]) -> None:
        """Put `question` once connected. There is no client where it would not get an answer."""
        self.client: paho.Client | None = None
        self._is_refused = False
        self._question = question
        if is_old():
            return  # paho 1.6 does not pass on what the broker answers
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,  # type: ignore[attr-defined]
            protocol=paho.MQTTv5,
        )
        self.client.on_connect = self._connected

    def _connected(self, client: paho.Client, data: Any, flags: Any, reason: Any, _: Any) -> None:
        if reason.is_failure:
            self._is_refused = True  # such as by a broker without MQTT 5
        else:
            self._question(client)

    def ask(self, host: str, port: int, is_answered: Callable[[], bool]) -> None:
        """Connect, and wait for the answer for ANSWER_SECONDS."""
        client = self.client
        if client is None:
            return
        secure(client, host)
        try:
            client.connect(host, port, conf.MQTT_KEEPALIVE)
            deadline = time.monotonic() + ANSWER_SECONDS
            while not (is_answered() or self._is_refused) and time.monotonic() < deadline:
                if client.loop(LOOP_SECONDS) != paho.MQTT_ERR_SUCCESS:
                    break
            client.disconnect()
        except OSError:
            pass  # the connection itself tells why
