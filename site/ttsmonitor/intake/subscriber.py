"""What listens on MQTT: messages into the history, then acknowledged; controls; health."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from ttsmirror.database import tend_connections, with_connections
from ttsmirror.exceptions import AlreadyRunningError, InvalidMessageError
from ttsmirror.models import Utterance
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.mqtt.duplicate_client_probe import RIVAL, DuplicateClientProbe
from ttsmirror.mqtt.identity import client_id
from ttsmirror.mqtt.loopback_probe import LoopbackProbe
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    HEALTH_TOPIC,
    SPEECH_COMPONENT,
    STATUS_TOPIC,
    Control,
    parse_chunk,
    parse_control,
    parse_object,
    pong_payload,
)
from ttsmonitor.conf import conf
from ttsmonitor.intake import inbox
from ttsmonitor.intake.broker_counts import ROOT, TOPICS, BrokerCounts
from ttsmonitor.intake.inbox import Arrival, Stored
from ttsmonitor.intake.quarantine import Unreadable, quarantine
from ttsmonitor.speaking.streaming import MAKER
from ttsmonitor.speaking.wall_clock import follow_clock

logger = logging.getLogger(__name__)

CLIENT_NAME = "moxie-tts-subscriber"
COMPONENT = SPEECH_COMPONENT
MAKER_TOPIC = f"{HEALTH_TOPIC}/{MAKER}"
BATCH = 200
WAITING = 10_000
MAX_INTERRUPTED = 1_000
TICK_SECONDS = 0.5
RETRY_SECONDS = 1.0


class Subscriber:
    """A durable subscription. Callbacks hand over; one thread stores, commits, acknowledges."""

    def __init__(
        self,
        *,
        foresee: Callable[[Utterance], None] = lambda utterance: None,
        on_stored: Callable[[list[Stored]], None],
        on_gap: Callable[[Utterance], None],
        on_control: Callable[[Control], object],
        health: Callable[[], dict[str, Any]],
        on_maker_gone: Callable[[], None] = lambda: None,
        on_connection: Callable[[], None] = lambda: None,
        on_rival: Callable[[AlreadyRunningError], None] = lambda error: None,
    ) -> None:
        self.dropped = 0
        self.error = ""
        """Why the history takes nothing; empty when it does."""
        self._topic = conf.MQTT_TOPIC
        self._foresee = foresee
        self._on_stored = on_stored
        self._on_gap = on_gap
        self._on_control = on_control
        self._on_maker_gone = on_maker_gone
        self._health = health
        self._on_rival = on_rival
        self._arrived: queue.Queue[Received] = queue.Queue(WAITING)
        self._orders: queue.Queue[Received | None] = queue.Queue(WAITING)
        self._interrupted: dict[str, float] = {}  # device id ("": all) to monotonic seconds
        self._on_connection = on_connection
        self._listening_since = 0.0  # monotonic seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=with_connections(self._run), name="ttsmonitor.subscriber"
        )
        self._obeying = threading.Thread(
            target=with_connections(self._obey), name="ttsmonitor.controls"
        )
        self.connection = MQTTConnection(
            client_id(CLIENT_NAME),
            subscriptions=[
                (self._topic, conf.MQTT_QOS),
                (f"{self._topic}/+", conf.MQTT_QOS),
                # QoS 0, so that the broker keeps none for later: a control is for now.
                (CONTROL_TOPIC, 0),
                (HEALTH_TOPIC, 0),
                *((topic, 0) for topic in TOPICS),
                (MAKER_TOPIC, 0),
            ],
            on_message=self._hand_over,
            on_ready=self._listen,
            on_lost=lambda error: on_connection(),
            component=COMPONENT,
            durable=True,
            manual_ack=True,
            before_connect=self._look_for_rival,
        )
        self.echo = LoopbackProbe(self.connection, COMPONENT)
        self.broker_counts = BrokerCounts()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive() and self._obeying.is_alive()

    def start(self) -> None:
        self._listening_since = time.monotonic()
        self._thread.start()
        self._obeying.start()
        self.connection.start()

    def stop(self) -> None:
        """Take in no more. What is not acknowledged comes again at the next start."""
        self._stopping.set()
        with suppress(queue.Full):  # else there is something to look at, and the end is seen
            self._orders.put_nowait(None)
        for thread in (self._thread, self._obeying):
            if thread.is_alive():
                thread.join(10)

    def publish_status(self, payload: bytes) -> None:
        """The newest state, retained for whoever comes later."""
        self.connection.publish(STATUS_TOPIC, payload, retain=True)

    def pass_on(self, control: Control) -> None:
        """Tell those who make what is spoken of a control that did not come from the broker."""
        told = replace(control, sender=self.connection.instance)
        self.connection.publish(CONTROL_TOPIC, told.to_payload())

    def _look_for_rival(self) -> None:
        link = self.connection
        if DuplicateClientProbe(COMPONENT, link.instance).finds_rival(
            *link.endpoint, lambda: link.is_stopped
        ):
            error = AlreadyRunningError(RIVAL.format(link.address, conf.work_dir))
            self._on_rival(error)
            raise error

    def _hand_over(self, message: Received) -> None:
        if message.topic == HEALTH_TOPIC and self.echo.hear(message.payload):
            return
        if message.topic.startswith(ROOT):
            self.broker_counts.hear(message.topic, message.payload)
            return
        # Not behind a burst of sentences: Interrupt means now.
        is_order = message.topic in (CONTROL_TOPIC, HEALTH_TOPIC, MAKER_TOPIC)
        try:
            (self._orders if is_order else self._arrived).put_nowait(message)
        except queue.Full:
            # QoS 0 only: of QoS 1 the broker has at most 20 unacknowledged on their way.
            self.dropped += 1
            logger.error("too many messages at once: %d dropped so far", self.dropped)

    def _obey(self) -> None:
        while (message := self._orders.get()) is not None and not self._stopping.is_set():
            try:
                self._act(message)
            except Exception:
                logger.exception("could not obey a message on %s", message.topic)
            finally:
                tend_connections()
            self.connection.acknowledge(message)

    def _act(self, message: Received) -> None:
        logger.debug("received %s: %d bytes", message.topic, len(message.payload))
        try:
            if message.topic == CONTROL_TOPIC:
                if message.retain:
                    logger.warning("ignored a retained control message: it is not for now")
                    return
                control = parse_control(message.payload)
                if control.sender == self.connection.instance:
                    return
                if control.action == "interrupt":
                    self._note_interrupt(control.device_id, message.received)
                self._on_control(control)
            elif message.topic == MAKER_TOPIC:
                if parse_object(message.payload).get("status") == "offline":
                    self._on_maker_gone()
            else:
                self._answer(parse_object(message.payload))
        except InvalidMessageError as exc:
            logger.warning("ignored a message on %s: %s", message.topic, exc)

    def _note_interrupt(self, device_id: str, moment: float) -> None:
        self._interrupted.pop(device_id, None)
        self._interrupted[device_id] = moment
        while len(self._interrupted) > MAX_INTERRUPTED:
            # The oldest: what it overtook is in the history by now.
            del self._interrupted[next(iter(self._interrupted))]

    def _answer(self, ping: dict[str, Any]) -> None:
        if ping.get("type") != "ping":
            return
        health = self._health()
        status = "ok" if health["ok"] else "failing"
        instance = self.connection.instance
        self.connection.publish(
            HEALTH_TOPIC, pong_payload(ping, COMPONENT, status, health["checks"], instance)
        )

    def _run(self) -> None:
        looked = 0.0
        while not self._stopping.is_set():
            batch = self._next_batch()
            tend_connections()
            try:
                if batch:
                    self._keep(batch)
                if time.monotonic() - looked >= TICK_SECONDS:
                    looked = time.monotonic()
                    follow_clock()
                    self._give_up_waiting()
            except Exception:
                logger.exception("could not store what arrived")
                self._stopping.wait(RETRY_SECONDS)
            finally:
                tend_connections()

    def _listen(self) -> None:
        self._listening_since = time.monotonic()
        self._on_connection()

    def _give_up_waiting(self) -> None:
        # What came while nobody listened is still on its way from the broker, after a connect.
        wait_seconds = conf.TTS_CHUNK_WAIT_SECONDS
        if time.monotonic() - self._listening_since >= wait_seconds:
            for utterance in inbox.give_up_waiting(wait_seconds):
                self._on_gap(utterance)

    def _next_batch(self) -> list[Received]:
        batch: list[Received] = []
        try:
            batch.append(self._arrived.get(timeout=TICK_SECONDS))
            while len(batch) < BATCH:
                batch.append(self._arrived.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _keep(self, batch: list[Received]) -> None:
        """Commit, then acknowledge; try again while the database is away."""
        while not self._stopping.is_set():
            try:
                stored = self._store(batch)
                break
            except (DatabaseError, InterfaceError) as exc:
                self.error = str(exc)
                logger.error("the history cannot be written, trying again: %s", exc)
                self._stopping.wait(RETRY_SECONDS)
                tend_connections()
        else:
            return  # not acknowledged: they come again
        self.error = ""
        for message in batch:
            self.connection.acknowledge(message)
        if stored:
            self._on_stored(stored)

    def _store(self, batch: list[Received]) -> list[Stored]:
        """Into history or quarantine, in a transaction.

        Where one of them can be kept neither now nor ever, the others must not wait for it: each
        half goes on its own, down to that one.
        """
        try:
            with transaction.atomic():
                return self._sort(batch)
        except (OperationalError, InterfaceError):
            raise
        except Exception as exc:
            if len(batch) > 1:
                half = len(batch) // 2
                return self._store(batch[:half]) + self._store(batch[half:])
            quarantine([_unreadable(batch[0], f"it could not be stored: {exc!r}")])
            return []

    def _sort(self, batch: list[Received]) -> list[Stored]:
        """What can be read into the history, the rest into quarantine."""
        readable: list[tuple[Received, Arrival]] = []
        unreadable: list[Unreadable] = []
        for message in batch:
            try:
                readable.append((message, self._read(message)))
            except InvalidMessageError as exc:
                unreadable.append(_unreadable(message, str(exc)))
        stored: list[Stored] = []
        results = inbox.store([arrival for _message, arrival in readable], self._foresee)
        for (message, _arrival), result in zip(readable, results, strict=True):
            if isinstance(result, Stored):
                stored.append(result)
            else:
                unreadable.append(_unreadable(message, str(result)))
        quarantine(unreadable)
        return stored

    def _read(self, message: Received) -> Arrival:
        device_id = message.topic.removeprefix(self._topic).removeprefix("/")
        chunk = parse_chunk(message.payload, device_id=device_id)
        logger.debug(
            "received %.200s: %d bytes%s, utterance %s, chunk %d of %d",
            message.topic,
            len(message.payload),
            ", again" if message.duplicate else "",
            chunk.utterance_id,
            chunk.chunk,
            chunk.total_chunks,
        )
        return Arrival(
            chunk,
            retained=message.retain,
            repeated=message.duplicate,
            interrupted=self._was_interrupted(message, chunk.device_id),
        )

    def _was_interrupted(self, message: Received, device_id: str) -> bool:
        """Did an interrupt arrive after this message, and overtake it on the way here?"""
        moments = [self._interrupted.get(each, 0.0) for each in {"", device_id}]
        return message.received < max(moments)


def _unreadable(message: Received, reason: str) -> Unreadable:
    return Unreadable(message.topic, message.payload, reason)
