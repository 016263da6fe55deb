"""A client that stays connected to the broker: connect, retry, resubscribe, drain, stop."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho

from ttsmirror.conf import conf
from ttsmirror.exceptions import AlreadyRunningError, InvalidMessageError
from ttsmirror.heartbeat import Heartbeat
from ttsmirror.mqtt import causes
from ttsmirror.mqtt.client import log_in, new_client, send_at_once
from ttsmirror.mqtt.identity import new_instance
from ttsmirror.mqtt.last_seen import LastSeen
from ttsmirror.mqtt.paho_compat import Client, ReasonCode, listen
from ttsmirror.reasons import Reason, reason_of
from ttsmirror.version import VERSION
from ttsmirror.wire.fields import PAYLOAD_BYTES
from ttsmirror.wire.messages import HEALTH_TOPIC, parse_object, presence_payload

logger = logging.getLogger(__name__)

MAX_QUEUED = 10_000
RECONNECT_SECONDS = (1, 10)
LEAVE_SECONDS = 1.5
CURRENT_SECONDS = 60.0
"""A proof that everything has come holds for so long; there is one every 5 s (LoopbackProbe),
later where a probe of the database waits."""
OFFLINE_SECONDS = 60.0
"""Without a connection the network thread may be silent for so long: it resolves names, connects
and waits between attempts."""
ANSWER_SECONDS = 3.0
"""A broker answers a new connection in less."""
BRIEF_SECONDS = 10.0
"""A connection that is closed sooner was evicted, if that happens twice in a row."""
NEW = Reason("still connecting to the broker")

OnMessage = Callable[["Received"], None]


@dataclass(frozen=True)
class Received:
    """A received message, with the data to acknowledge it."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    duplicate: bool
    mid: int
    connection: int
    """Number of its connection: on another one its packet id belongs to another message."""
    received: float
    """time.monotonic() at arrival, in seconds."""
    waited_seconds: float = 0.0
    """Longest time that it may have waited at the broker; 0 where it came at once."""


class MQTTConnection:
    """A named client that stays connected until stop().

    `subscriptions` are (topic filter, qos) pairs, renewed on every connect. With `component`,
    birth and last will are published retained on moxie/system/health/<component>. The callbacks
    run on paho's thread: they must hand over and return. Their exceptions are logged.
    The constructor reads no settings and cannot fail.
    """

    def __init__(  # noqa: PLR0913  each is an independent option of the connection
        self,
        client_id: str,
        *,
        host: str = "",
        port: int = 0,
        subscriptions: Sequence[tuple[str, int]] = (),
        on_message: OnMessage | None = None,
        on_ready: Callable[[], None] | None = None,
        on_lost: Callable[[str], None] | None = None,
        component: str = "",
        durable: bool = False,
        last_seen: LastSeen | None = None,
        manual_ack: bool = False,
        before_connect: Callable[[], None] = lambda: None,
        on_rival: Callable[[str], None] = lambda instance: None,
    ) -> None:
        """Describe the connection; nothing is connected before start().

        `before_connect` is called on paho's thread before each attempt. It prevents the attempt by
        raising OSError or AlreadyRunningError.

        For a `durable` connection, which needs a `component`, the broker keeps messages while it is
        away; `last_seen` tells how long they may have waited. `on_rival` is called with the
        instance of another client that has come up as the same component.
        """
        self.client_id = client_id
        self.instance = new_instance(client_id)
        self._given = host, port
        self._error: str = NEW
        self.error_since = time.time()
        self._subscriptions = list(subscriptions)
        if durable:
            self._subscriptions.append((f"{HEALTH_TOPIC}/{component}", 1))
        self._on_message = on_message
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._component = component
        self._durable = durable
        self._last_seen = last_seen or LastSeen()
        self._has_backlog = False
        self._birth = b""
        self._manual_ack = manual_ack
        self._before_connect = before_connect
        self._on_rival = on_rival
        self._obstacle = ""
        self._connects = 0
        self._connection = 0
        self._acknowledging = threading.Lock()
        self._is_refused = False
        self._unanswered_since: float | None = None  # monotonic, of a connection without CONNACK
        self._connected_at = 0.0  # monotonic
        self._brief_connections = 0  # in a row
        self._pending_subscription: int | None = None
        self._denied = ""
        self._ready = threading.Event()
        self._stopped = threading.Event()
        self._client: Client | None = None
        self._thread: threading.Thread | None = None  # paho's
        self._heartbeat = Heartbeat()

    def _build(self) -> Client:
        client = new_client(
            self.client_id,
            host=self.endpoint[0],
            clean_session=not self._durable,
            manual_ack=self._manual_ack,
        )
        client.max_queued_messages_set(MAX_QUEUED)
        client.reconnect_delay_set(*RECONNECT_SECONDS)
        if self._component:
            client.will_set(self._presence_topic, self._presence("offline"), qos=1, retain=True)
        client.on_pre_connect = self._look_around
        client.on_socket_open = self._opened
        client.on_connect_fail = self._connect_failed
        client.on_message = self._received
        client.on_loop = self._heartbeat.beat
        listen(
            client,
            connected=self._connected,
            disconnected=self._disconnected,
            subscribed=self._subscribed,
        )
        return client

    @property
    def _presence_topic(self) -> str:
        return f"{HEALTH_TOPIC}/{self._component}"

    def _presence(self, status: str) -> bytes:
        return presence_payload(status, self._component, VERSION, self.instance)

    @property
    def is_ready(self) -> bool:
        """True while connected and subscribed to everything."""
        return self._ready.is_set()

    @property
    def error(self) -> str:
        """Why the broker cannot be used; empty when it can."""
        since = self._unanswered_since
        if since is not None and time.monotonic() - since > ANSWER_SECONDS:
            return causes.silent(self.address)
        return self._error

    @property
    def denied(self) -> str:
        """The subscriptions that the broker refused; empty if none, or if it does not say so."""
        return self._denied

    @property
    def is_new(self) -> bool:
        """True until the first connection or the first error."""
        return self.error == NEW

    @property
    def number(self) -> int:
        """The number of the current connection; each connection has its own."""
        return self._connection

    @property
    def reconnects(self) -> int:
        """The number of connections after the first one."""
        return max(0, self._connects - 1)

    @property
    def address(self) -> str:
        """The broker's address as host:port."""
        return "{}:{}".format(*self.endpoint)

    @property
    def is_stopped(self) -> bool:
        """True from stop() on."""
        return self._stopped.is_set()

    @property
    def endpoint(self) -> tuple[str, int]:
        """Host and port of the broker."""
        host, port = self._given
        return host or conf.MQTT_HOST, port or conf.broker_port

    @property
    def fault(self) -> str:
        """Why the network thread does not do its work; empty if it does."""
        client, thread = self._client, self._thread
        if client is None or thread is None or self._stopped.is_set():
            return ""
        is_online = client.socket() is not None
        return self._heartbeat.fault(thread, 0.0 if is_online else OFFLINE_SECONDS)

    def tend(self) -> None:
        """Connect anew if the network thread ended. Call it every few seconds."""
        client, thread = self._client, self._thread
        if client is None or thread is None or thread.is_alive() or self._stopped.is_set():
            return
        self._note_error(self.fault)
        self._renumber()
        if (lost := client.socket()) is not None:
            # Nobody reads it, and its client would go on as if it were connected.
            with suppress(OSError):
                lost.close()
        self.start()

    def start(self) -> None:
        """Connect in the background, and keep trying while no broker answers.

        Raises BrokerError or ImproperlyConfigured if the settings cannot be used.
        """
        client = self._client = self._build()
        self._heartbeat.beat()
        client.connect_async(*self.endpoint, conf.MQTT_KEEPALIVE)
        client.loop_start()

    def prove_current(self) -> None:
        """Note that a message to oneself has come back, so that none is still on its way."""
        if not self._has_backlog:
            self._last_seen.note()

    def announce(self) -> None:
        """Publish this component's birth; again, where another one has replaced it."""
        self._birth = self._presence("online")
        self.publish(self._presence_topic, self._birth, qos=1, retain=True)

    def begin_anew(self) -> None:
        """Disconnect without a farewell and connect again, after `before_connect`. Never wait."""
        threading.Thread(target=self._begin_anew, name="mqtt.anew", daemon=True).start()

    def _begin_anew(self) -> None:
        client = self._client
        if client is None:
            return
        client.disconnect()
        client.loop_stop()
        if not self._stopped.is_set():
            self.start()
            if self._stopped.is_set() and self._client is not None:  # meanwhile
                self._client.disconnect()

    def wait_ready(self, timeout_seconds: float) -> bool:
        """Wait until is_ready; return False when the time runs out."""
        return self._ready.wait(timeout_seconds)

    def publish(
        self, topic: str, payload: bytes, *, qos: int = 0, retain: bool = False
    ) -> paho.MQTTMessageInfo | None:
        """Publish a message; while disconnected, QoS 1 and 2 go into paho's queue.

        Return None if it was not accepted: the queue is full, QoS 0 has no connection, or the
        payload is over the limit, with which the broker would end every new connection.
        """
        if len(payload) > PAYLOAD_BYTES:
            logger.error("payload of %d bytes for %s is over the limit", len(payload), topic)
            return None
        client = self._client
        if client is None or (qos == 0 and not client.is_connected()):
            return None
        try:
            info = client.publish(topic, payload, qos=qos, retain=retain)
        except OSError as exc:  # paho's own socket is closed while the client is stopped
            logger.debug("message for %s not published: %s", topic, exc)
            return None
        return None if info.rc == paho.MQTT_ERR_QUEUE_SIZE else info

    def acknowledge(self, message: Received) -> None:
        """Acknowledge a message, unless it came over an earlier connection."""
        client = self._client
        if client is None or not self._manual_ack or not message.qos:
            return
        with self._acknowledging:  # so that no new connection begins between check and use
            if message.connection == self._connection:
                client.ack(message.mid, message.qos)

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Publish the farewell, disconnect and end the thread. Idempotent."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        client = self._client
        if client is None:
            return
        if self._component and client.is_connected():
            info = self.publish(self._presence_topic, self._presence("offline"), qos=1, retain=True)
            try:
                if info is not None:
                    info.wait_for_publish(timeout_seconds)
            except (ValueError, RuntimeError) as exc:
                logger.warning("offline message not published: %s", exc)
        if self.is_ready and self._durable and not self._has_backlog:
            self._last_seen.note(at_once=True)
        self._ready.clear()
        client.disconnect()
        # Not loop_stop(): it may block as long as a connect to an unreachable host.
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return
        thread.join(LEAVE_SECONDS)
        if thread.is_alive():
            logger.warning("%s: network thread did not end in time; abandoned", self.client_id)

    # paho's callbacks: an exception in one would kill paho's thread while is_connected() stays True

    def _look_around(self, client: paho.Client, userdata: object) -> None:
        self._thread = threading.current_thread()
        self._heartbeat.beat()
        self._obstacle = ""
        log_in(client, self.endpoint[0])  # our broker may have made the account meanwhile
        try:
            self._before_connect()
        except AlreadyRunningError as exc:
            cause = reason_of(exc)
            is_code = isinstance(exc.args[0], Reason)
            self._obstacle = cause if is_code else Reason("another process has this name")
            # That is what paho takes for a connect that failed.
            raise ConnectionAbortedError(self._obstacle) from exc

    def _opened(self, client: paho.Client, userdata: object, connection: Any) -> None:
        send_at_once(connection)
        self._unanswered_since = time.monotonic()

    def _connected(self, client: paho.Client, reason: ReasonCode, has_session: bool) -> None:
        self._unanswered_since = None
        if reason.is_failure:
            self._is_refused = True
            self._note_error(causes.refusal(reason, self.address))
            return
        self._connected_at = time.monotonic()
        self._connects += 1
        if self._stopped.is_set():  # it was connecting when stop() gave up on it
            client.disconnect()
            return
        self._renumber()
        self._has_backlog = has_session
        if not has_session:
            self._last_seen.note(at_once=True)
        name, address = self.client_id, self.address
        if self._error in ("", NEW):
            logger.info("%s connected to the broker at %s", name, address)
        else:
            logger.info("%s connected to the broker at %s after a failure", name, address)
        if self._subscriptions:
            self._pending_subscription = client.subscribe(self._subscriptions)[1]
        else:
            self._become_ready()

    def _subscribed(self, mid: int, reasons: Sequence[ReasonCode]) -> None:
        if mid != self._pending_subscription:
            return
        refused = ", ".join(
            topic
            for (topic, _qos), reason in zip(self._subscriptions, reasons, strict=False)
            if reason.is_failure
        )
        self._denied = ""
        if refused:
            self._denied = Reason(
                "the broker's access rules forbid this account to read {topic}", topic=refused
            )
            logger.warning("the broker refused the subscription to %s", refused)
        self._become_ready()

    def _become_ready(self) -> None:
        self._error, self.error_since = "", time.time()
        self._ready.set()
        if self._component:
            self.announce()
        self._guard(self._on_ready)

    def _connect_failed(self, client: paho.Client, userdata: object) -> None:
        self._heartbeat.beat()
        # paho calls this while it handles the exception, which it does not pass on.
        failure = causes.connect_failure(sys.exc_info()[1], *self.endpoint)
        self._note_error(self._obstacle or failure)

    def _disconnected(self, reason: ReasonCode) -> None:
        self._renumber()  # now, or an acknowledgement would wait for the next connection
        if self._is_refused:  # paho reports it a second time, without the reason
            self._is_refused = False
        elif not self._stopped.is_set():
            self._note_error(self._loss(reason))
        self._unanswered_since = None

    def _loss(self, reason: ReasonCode) -> str:
        """Return why the connection was lost, if there was one."""
        if (since := self._unanswered_since) is not None:
            is_silent = time.monotonic() - since > ANSWER_SECONDS
            return causes.silent(self.address) if is_silent else causes.no_mqtt(self.address)
        is_brief = time.monotonic() - self._connected_at < BRIEF_SECONDS
        self._brief_connections = self._brief_connections + 1 if is_brief else 0
        return causes.loss(
            reason, self.address, self.client_id, is_repeated=self._brief_connections > 1
        )

    def _renumber(self) -> None:
        with self._acknowledging:
            self._connection += 1

    def _note_error(self, error: str) -> None:
        self._ready.clear()
        if error == self._error:
            return
        # Logged when it changes, not at every attempt.
        self._error, self.error_since = error, time.time()
        logger.warning("%s: %s; trying again", self.client_id, error)
        if self._on_lost is not None:
            self._guard(self._on_lost, error)

    def _received(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        if self._on_message is None:
            return
        if self._durable and message.topic == self._presence_topic:
            self._hear_presence(bytes(message.payload), is_old=message.retain)
            self._acknowledge_at_once(client, message)
            return
        try:
            received = Received(
                topic=message.topic,
                payload=bytes(message.payload),
                qos=message.qos,
                retain=message.retain,
                duplicate=message.dup,
                mid=message.mid,
                connection=self._connection,
                received=time.monotonic(),
                waited_seconds=self._longest_wait(),
            )
        except UnicodeDecodeError:
            logger.warning("%s: dropped a message whose topic is not UTF-8", self.client_id)
            self._acknowledge_at_once(client, message)
            return
        self._guard(self._on_message, received)

    def _acknowledge_at_once(self, client: paho.Client, message: paho.MQTTMessage) -> None:
        """Acknowledge what nobody else will: the broker stops at 20 that are not, for good."""
        if self._manual_ack and message.qos:
            client.ack(message.mid, message.qos)

    def _hear_presence(self, payload: bytes, *, is_old: bool) -> None:
        if payload == self._birth:
            # It was published after what waited at the broker, so all of that has come.
            self._has_backlog = False
            self._last_seen.note(at_once=True)
            return
        try:
            fields = parse_object(payload)
        except InvalidMessageError:
            return
        instance = str(fields.get("instance") or "")
        # One that waited may be of somebody who has gone since.
        is_now = not (is_old or self._has_backlog)
        if is_now and fields.get("status") == "online" and instance != self.instance:
            self._guard(self._on_rival, instance)

    def _longest_wait(self) -> float:
        if not self._durable:
            return 0.0
        seconds = self._last_seen.seconds_ago
        # Without a backlog, too: this process may have been frozen, or the computer asleep.
        return seconds if self._has_backlog or seconds > CURRENT_SECONDS else 0.0

    def _guard(self, callback: Callable[..., None] | None, *args: object) -> None:
        if callback is None:
            return
        try:
            callback(*args)
        except Exception:
            logger.exception("%s: a callback failed", self.client_id)
