"""An MQTT client that publishes at once and records its messages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench.machine import BenchError


class Wire:
    """A client that is connected and subscribed once constructed."""

    def __init__(self, port: int, *topics: str) -> None:
        self._heard: list[tuple[str, bytes]] = []
        self._news = threading.Condition()
        self._topics = [(topic, 1) for topic in topics]
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._subscribe()
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = lambda _c, _u, message: self._hear(message)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not self._subscribed.wait(10):
            self.close()
            raise BenchError("the broker did not take a subscription")

    def publish(self, topic: str, payload: bytes | str) -> None:
        """Publish with QoS 1 without waiting."""
        self._client.publish(topic, payload, qos=1)

    def wait_for(
        self, wanted: Callable[[str, bytes], bool], what: str, timeout_seconds: float = 30
    ) -> None:
        """Wait until such a message has arrived since the last forget()."""
        deadline = time.monotonic() + timeout_seconds
        with self._news:
            while not any(wanted(topic, payload) for topic, payload in self._heard):
                if not self._news.wait(max(0.0, deadline - time.monotonic())):
                    raise BenchError(f"waited {timeout_seconds:.0f} s in vain for {what}")

    def take(self, timeout_seconds: float) -> list[tuple[str, bytes]]:
        """Wait for messages up to the timeout. Return those not taken yet."""
        with self._news:
            if not self._heard:
                self._news.wait(timeout_seconds)
            heard, self._heard = self._heard, []
            return heard

    def forget(self) -> None:
        """Drop the recorded messages."""
        with self._news:
            self._heard.clear()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self) -> None:
        if self._topics:
            self._client.subscribe(self._topics)
        else:
            self._subscribed.set()

    def _hear(self, message: paho.MQTTMessage) -> None:
        with self._news:
            self._heard.append((message.topic, bytes(message.payload)))
            self._news.notify_all()
