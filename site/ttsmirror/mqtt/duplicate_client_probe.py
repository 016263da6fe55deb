"""Find out whether another client of the same kind is at the broker.

Two clients with one id evict each other again and again, and each receives a part of the messages.
Two hives would each answer every robot. So a client with another id asks before the connection: the
retained presence says who came last, and whoever is still there answers a ping.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.mqtt.client import new_client
from ttsmirror.mqtt.identity import is_same_client
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import HEALTH_TOPIC, parse_object

DUPLICATE = (
    "Another speech service is at the broker {} under the name of this installation: its work"
    " directory is a copy of the other. Stop one of the two. A new name is made here where you"
    " delete {}/installation_id."
)
ANSWER_SECONDS = 2.0
LOOP_SECONDS = 0.02


class DuplicateClientProbe:
    """One probe, run by the calling thread."""

    def __init__(
        self,
        component: str,
        instance: str,
        is_rival: Callable[[str, str], bool] = is_same_client,
    ) -> None:
        """Look for another `component` than the client with this `instance`.

        `is_rival` tells by the instances whether two may not be there together.
        """
        self._is_rival = is_rival
        self._component = component
        self._instance = instance
        self._question = uuid.uuid4().hex
        self._may_be_there = self._is_there = self._is_echoed = self._is_refused = False

    def finds_duplicate(
        self, host: str, port: int, is_over: Callable[[], bool] = lambda: False
    ) -> bool:
        """Return True if another process has our name. Raises OSError without a broker."""
        client = new_client(f"moxie-probe-{self._question[:12]}", host=host)
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_message = lambda _client, _data, message: self._hear(message)
        client.connect(host, port)
        deadline = time.monotonic() + ANSWER_SECONDS
        while not (self._knows() or is_over()) and time.monotonic() < deadline:
            client.loop(LOOP_SECONDS)
        client.disconnect()
        client.loop(LOOP_SECONDS)
        return self._is_there

    def _knows(self) -> bool:
        # The presence arrives before the echo of the ping. If it names no client, none will answer.
        is_alone = self._is_echoed and not self._may_be_there
        return self._is_there or is_alone or self._is_refused

    def _connected(self, client: paho.Client, _data: object, _flags: Any, *result: Any) -> None:
        # The connection itself reports why it is refused.
        self._is_refused = result[0].is_failure
        if not self._is_refused:
            client.subscribe([(f"{HEALTH_TOPIC}/{self._component}", 0), (HEALTH_TOPIC, 0)])

    def _subscribed(self, client: paho.Client, *_: object) -> None:
        ping = {
            "type": "ping",
            "id": self._question,
            "component": self._component,
            "instance": self._instance,
        }
        client.publish(HEALTH_TOPIC, dump(ping))

    def _hear(self, message: paho.MQTTMessage) -> None:
        try:
            fields = parse_object(bytes(message.payload))
        except InvalidMessageError:
            return
        is_rival = self._is_rival(self._instance, str(fields.get("instance") or ""))
        is_duplicate = is_rival and fields.get("component") == self._component
        if message.topic != HEALTH_TOPIC:
            self._may_be_there = is_duplicate and fields.get("status") == "online"
        elif fields.get("id") == self._question:
            self._is_echoed |= fields.get("type") == "ping"
            self._is_there |= fields.get("type") == "pong" and is_duplicate


def forget_session(client_id: str, host: str, port: int) -> None:
    """Have the broker drop what it keeps for an absent client. Raises OSError without a broker."""
    client = new_client(client_id, host=host)
    is_known = threading.Event()
    client.on_connect = lambda *_: is_known.set()
    client.connect(host, port)
    deadline = time.monotonic() + ANSWER_SECONDS
    while not is_known.is_set() and time.monotonic() < deadline:
        client.loop(LOOP_SECONDS)
    client.disconnect()
    client.loop(LOOP_SECONDS)
