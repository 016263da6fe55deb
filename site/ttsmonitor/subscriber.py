"""What listens on MQTT: messages into the history, then acknowledged; controls; health."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import (
    InterfaceError,
    OperationalError,
    transaction,
)

from ttsmonitor import inbox
from ttsmonitor.conf import conf
from ttsmonitor.database import tend_connections, with_connections
from ttsmonitor.exceptions import InvalidMessageError
from ttsmonitor.inbox import Stored
from ttsmonitor.installation import client_id
from ttsmonitor.messages import (
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
from ttsmonitor.models import Utterance
from ttsmonitor.mqtt import MQTTConnection, Received

logger = logging.getLogger(__name__)

CLIENT_NAME = "moxie-tts-subscriber"
COMPONENT = SPEECH_COMPONENT
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
        on_stored: Callable[[Stored], None],
        on_gap: Callable[[Utterance], None],
        on_control: Callable[[Control], None],
        health: Callable[[], dict[str, Any]],
        on_connection: Callable[[], None] = lambda: None,
    ) -> None:
        self.dropped = 0
        self._on_stored = on_stored
        self._on_gap = on_gap
        self._on_control = on_control
        self._health = health
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
                (conf.MQTT_TOPIC, conf.MQTT_QOS),
                (f"{conf.MQTT_TOPIC}/+", conf.MQTT_QOS),
                # QoS 0, so that the broker keeps none for later: a control is for now.
                (CONTROL_TOPIC, 0),
                (HEALTH_TOPIC, 0),
            ],
            on_message=self._hand_over,
            on_ready=self._listen,
            on_lost=lambda error: on_connection(),
            component=COMPONENT,
            durable=True,
            manual_ack=True,
        )

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

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

    def _hand_over(self, message: Received) -> None:
        # Not behind a burst of sentences: Interrupt means now.
        is_order = message.topic in (CONTROL_TOPIC, HEALTH_TOPIC)
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
                if control.action == "interrupt":
                    self._note_interrupt(control.device_id, message.received)
                self._on_control(control)
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
        self.connection.publish(
            HEALTH_TOPIC, pong_payload(ping, COMPONENT, status, health["checks"])
        )

    def _run(self) -> None:
        looked = 0.0
        while not self._stopping.is_set():
            batch = self._next_batch()
            tend_connections()
            try:
                if batch:
                    self._store(batch)
                if time.monotonic() - looked >= TICK_SECONDS:
                    looked = time.monotonic()
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

    def _store(self, batch: list[Received]) -> None:
        """Commit, then acknowledge; try again while the database is away."""
        while not self._stopping.is_set():
            try:
                with transaction.atomic():
                    stored = [self._store_one(message) for message in batch]
                break
            except (OperationalError, InterfaceError) as exc:
                logger.error("the history cannot be written, trying again: %s", exc)
                self._stopping.wait(RETRY_SECONDS)
                tend_connections()
        else:
            return  # not acknowledged: they come again
        for message, result in zip(batch, stored, strict=True):
            self.connection.acknowledge(message)
            if result is not None:
                self._on_stored(result)

    def _store_one(self, message: Received) -> Stored | None:
        device_id = message.topic.removeprefix(conf.MQTT_TOPIC).removeprefix("/")
        try:
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
            with transaction.atomic():
                return inbox.store(
                    chunk,
                    retained=message.retain,
                    repeated=message.duplicate,
                    interrupted=self._was_interrupted(message, chunk.device_id),
                )
        except InvalidMessageError as exc:
            inbox.quarantine(message.topic, message.payload, str(exc))
        except (OperationalError, InterfaceError):
            raise
        except Exception as exc:
            # This one cannot be kept, now or ever; the others must not wait for it.
            inbox.quarantine(message.topic, message.payload, f"it could not be stored: {exc!r}")
        return None

    def _was_interrupted(self, message: Received, device_id: str) -> bool:
        """Did an interrupt arrive after this message, and overtake it on the way here?"""
        moments = [self._interrupted.get(each, 0.0) for each in {"", device_id}]
        return message.received < max(moments)
