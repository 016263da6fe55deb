"""A visit to the broker: connect as the services do, ask who is there, and listen for a moment."""

from __future__ import annotations

import itertools
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as paho

from ttsmirror.exceptions import BrokerError, InvalidMessageError
from ttsmirror.mqtt import causes
from ttsmirror.mqtt.client import new_client
from ttsmirror.mqtt.connection import ANSWER_SECONDS
from ttsmirror.mqtt.paho_compat import Client, ReasonCode, listen
from ttsmirror.reasons import reason_of
from ttsmirror.wire.fields import dump
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    HEALTH_TOPIC,
    SPEECH_COMPONENT,
    STATUS_TOPIC,
    parse_object,
)
from ttsmonitor.conf import conf
from ttsmonitor.intake import broker_counts
from ttsmonitor.speaking.streaming import STREAMING_COMPONENT

LEAST_SECONDS = 1.0
"""So long it listens at least: to a second one that answers, and to clients that come and go."""
MOST_SECONDS = 4.0
LOOP_SECONDS = 0.02
ANSWERING = (STREAMING_COMPONENT, SPEECH_COMPONENT)
"""The components that answer a ping."""
LOG_TOPIC = f"{broker_counts.ROOT}log/#"
VERSION_TOPIC = f"{broker_counts.ROOT}{broker_counts.VERSION}"
_TAKEN_OVER = re.compile(r"(?:^|: )Client (\S{1,128}) already connected, closing old connection")


@dataclass(frozen=True)
class Heard:
    """A message of the broker."""

    topic: str
    payload: bytes
    is_retained: bool
    received: datetime


@dataclass
class BrokerVisit:
    """What a visit has shown."""

    address: str
    """Host and port of the broker."""
    error: str = ""
    """Why the broker does not let us in; empty if it does."""
    denied: Sequence[str] = ()
    """The topic filters that the broker refused."""
    messages: list[Heard] = field(default_factory=list)
    question: str = ""
    """The id of our ping."""

    @property
    def has_come_back(self) -> bool:
        """True if our own message came back."""
        return any(
            fields.get("type") == "ping" and fields.get("id") == self.question
            for fields, _heard in self._health_messages()
        )

    @property
    def version(self) -> str:
        """The broker's name and version as it publishes them; empty if it does not."""
        found = [each.payload for each in self.messages if each.topic == VERSION_TOPIC]
        return found[0].decode("utf-8", "replace")[:80] if found else ""

    @property
    def retained(self) -> list[Heard]:
        """The retained messages."""
        return [each for each in self.messages if each.is_retained]

    @property
    def taken_over(self) -> list[str]:
        """The client ids under which a second client has connected meanwhile."""
        lines = (
            each.payload.decode("utf-8", "replace")
            for each in self.messages
            if each.topic.startswith(LOG_TOPIC[:-1]) and not each.is_retained
        )
        found = (_TAKEN_OVER.search(line) for line in lines)
        return list(dict.fromkeys(match[1] for match in found if match))

    def pongs(self, component: str) -> list[dict[str, Any]]:
        """Return the answers of a component to our ping, one of each instance."""
        answers = [
            fields
            for fields, _heard in self._health_messages()
            if fields.get("type") == "pong"
            and fields.get("id") == self.question
            and fields.get("component") == component
        ]
        return list({str(each.get("instance")): each for each in answers}.values())

    def clock_offset(self, component: str) -> float | None:
        """Return the seconds by which a component's clock is ahead of ours; None if unknown."""
        for fields, heard in self._health_messages():
            if fields.get("type") != "pong" or fields.get("component") != component:
                continue
            try:
                shown = datetime.fromisoformat(str(fields.get("timestamp")))
                return (shown - heard.received).total_seconds()
            except (ValueError, TypeError):
                continue
        return None

    def presences(self, component: str) -> list[dict[str, Any]]:
        """Return the births and last wills of a component, the retained one first."""
        topic = f"{HEALTH_TOPIC}/{component}"
        return [fields for each in self.messages if each.topic == topic for fields in _read(each)]

    def is_marked_online(self, component: str) -> bool:
        """Return True if the newest message about its presence is a birth."""
        found = self.presences(component)
        return bool(found) and found[-1].get("status") == "online"

    def instances(self, component: str) -> list[str]:
        """Return the instances of a component that were heard: one, unless there are rivals.

        One that waits for another asks it again and again whether it is still there.
        """
        found = (
            str(fields.get("instance") or "")
            for fields, _heard in self._health_messages()
            if fields.get("component") == component
        )
        return list(dict.fromkeys(filter(None, found)))

    def count_clients(self, component: str) -> int:
        """Return how many clients with ids of their own are there as this component."""
        return len({each.partition(".")[0] for each in self.instances(component)})

    def has_duplicates(self, component: str) -> bool:
        """Return True if two clients with one id are there as this component.

        One that was started again meanwhile is no duplicate: its earlier instance is gone.
        """
        alive = self.instances(component)
        ids = [each.partition(".")[0] for each in alive]
        births = [
            str(each.get("instance") or "")
            for each in self.presences(component)
            if each.get("status") == "online"
        ]
        turns = [each for each, _same in itertools.groupby(births)]
        return len(set(ids)) < len(ids) or len(turns) > len(set(turns))

    def _health_messages(self) -> list[tuple[dict[str, Any], Heard]]:
        return [
            (fields, each)
            for each in self.messages
            if each.topic == HEALTH_TOPIC and not each.is_retained
            for fields in _read(each)
        ]


def visit_broker(host: str, port: int) -> BrokerVisit:
    """Connect, subscribe, ping and listen, for some seconds at most."""
    visit = BrokerVisit(f"{host}:{port}", question=secrets.token_hex(8))
    client = connect(visit, host, port)
    if client is None:
        return visit
    started = time.monotonic()
    _loop(client, lambda: _has_heard_enough(visit, time.monotonic() - started), MOST_SECONDS)
    client.disconnect()
    client.loop(LOOP_SECONDS)
    return visit


def connect(visit: BrokerVisit, host: str, port: int) -> Client | None:
    """Return a client that is subscribed and has pinged; None if it is not let in."""
    answers: list[ReasonCode] = []
    subscribed: list[Sequence[ReasonCode]] = []
    topics = [
        conf.MQTT_TOPIC,
        f"{conf.MQTT_TOPIC}/+",
        STATUS_TOPIC,
        CONTROL_TOPIC,
        HEALTH_TOPIC,
        f"{HEALTH_TOPIC}/+",
        VERSION_TOPIC,
        LOG_TOPIC,
    ]
    try:
        client = new_client(f"moxie-doctor-{visit.question}", host=host)
    except BrokerError as exc:
        visit.error = reason_of(exc)
        return None
    client.connect_timeout = ANSWER_SECONDS
    client.on_message = lambda _client, _data, message: visit.messages.append(
        Heard(message.topic, bytes(message.payload), message.retain, datetime.now(UTC))
    )
    listen(
        client,
        connected=lambda _client, reason, _has_session: answers.append(reason),
        disconnected=lambda reason: None,
        subscribed=lambda mid, reasons: subscribed.append(reasons),
    )
    try:
        client.connect(host, port, conf.MQTT_KEEPALIVE)
    except (OSError, ValueError) as exc:
        visit.error = causes.connect_failure(exc, host, port)
        return None
    is_open = _loop(client, lambda: bool(answers), ANSWER_SECONDS)
    if not answers:
        silent_or_not = causes.silent if is_open else causes.no_mqtt
        visit.error = silent_or_not(visit.address)
        return None
    if answers[0].is_failure:
        visit.error = causes.refusal(answers[0], visit.address)
        return None
    client.subscribe([(topic, 0) for topic in topics])
    _loop(client, lambda: bool(subscribed), ANSWER_SECONDS)
    visit.denied = [
        topic
        for topic, reason in zip(topics, subscribed[0] if subscribed else [], strict=False)
        if reason.is_failure
    ]
    client.publish(HEALTH_TOPIC, dump({"type": "ping", "id": visit.question}))
    return client


def _has_heard_enough(visit: BrokerVisit, seconds: float) -> bool:
    if seconds < LEAST_SECONDS or not visit.has_come_back:
        return False
    is_restless = any(
        each.topic.startswith(f"{HEALTH_TOPIC}/") and not each.is_retained
        for each in visit.messages
    )
    expected = (each for each in ANSWERING if visit.is_marked_online(each))
    return not is_restless and all(visit.pongs(each) for each in expected)


def _loop(client: paho.Client, is_over: Callable[[], bool], seconds: float) -> bool:
    """Run the client's loop until `is_over()`; return False if the connection has ended."""
    deadline = time.monotonic() + seconds
    while not is_over() and time.monotonic() < deadline:
        if client.loop(LOOP_SECONDS) != paho.MQTT_ERR_SUCCESS:
            return False
    return True


def _read(heard: Heard) -> list[dict[str, Any]]:
    """Return the fields of a message; none if it has none."""
    try:
        return [parse_object(heard.payload)]
    except InvalidMessageError:
        return []
