"""Store text messages in the history, and acknowledge them once they are committed."""

from __future__ import annotations

import logging
import math
import queue
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from ttsmirror.database import database_reason, tend_connections
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.heartbeat import beat
from ttsmirror.models import Utterance
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.reasons import Reason, reason_of
from ttsmirror.service_thread import RETRY_SECONDS, ServiceThread
from ttsmirror.wire.messages import parse_chunk
from ttsmonitor.conf import conf
from ttsmonitor.intake import inbox
from ttsmonitor.intake.inbox import Arrival, Stored
from ttsmonitor.intake.publisher_clocks import PublisherClocks
from ttsmonitor.intake.quarantine import Unreadable, quarantine
from ttsmonitor.speaking.wall_clock import follow_clock
from ttsmonitor.system.database_file import ensure_same_file

logger = logging.getLogger(__name__)

BATCH = 200
MAX_WAITING = 10_000
TICK_SECONDS = 0.5


class TextConsumer(ServiceThread):
    """A thread that takes messages in batches: commit, acknowledge, report."""

    def __init__(
        self,
        connection: MQTTConnection,
        topic: str,
        *,
        clocks: PublisherClocks,
        was_interrupted: Callable[[str, float], bool],
        prefetch: Callable[[Utterance], None],
        on_stored: Callable[[list[Stored]], None],
        on_gap: Callable[[Utterance], None],
    ) -> None:
        """Store messages of `topic` and its subtopics.

        `was_interrupted` returns True if an interrupt for a device overtook a message received at
        that time. `on_stored` and `on_gap` are called after the commit, on this thread.
        """
        super().__init__("ttsmonitor.text_consumer")
        self.error = ""
        """Why the history cannot be written; empty when it can."""
        self._connection = connection
        self._topic = topic
        self._clocks = clocks
        self._was_interrupted = was_interrupted
        self._prefetch = prefetch
        self._on_stored = on_stored
        self._on_gap = on_gap
        self._messages: queue.Queue[Received] = queue.Queue(MAX_WAITING)
        self._connected_at = time.monotonic()
        self._next_tick = 0.0

    def connected(self) -> None:
        """Note a new connection: missing chunks may still be on their way from the broker."""
        self._connected_at = time.monotonic()

    def put(self, message: Received) -> None:
        """Hand a message over. Raises queue.Full."""
        self._messages.put_nowait(message)

    def work(self) -> None:
        """Store the next messages, and give up waiting for missing chunks."""
        if batch := self._next_batch():
            self._process(batch)
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + TICK_SECONDS
            follow_clock()
            self._queue_incomplete()

    def _next_batch(self) -> list[Received]:
        batch: list[Received] = []
        try:
            batch.append(self._messages.get(timeout=TICK_SECONDS))
            while len(batch) < BATCH:
                batch.append(self._messages.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _queue_incomplete(self) -> None:
        """Queue utterances whose missing chunks have been waited for long enough."""
        wait_seconds = conf.TTS_CHUNK_WAIT_SECONDS
        if time.monotonic() - self._connected_at >= wait_seconds:
            for utterance in inbox.give_up_waiting(wait_seconds):
                self._on_gap(utterance)

    def _process(self, batch: list[Received]) -> None:
        """Commit, then acknowledge; retry while the database is unavailable."""
        while not self.stopping.is_set():
            beat()
            try:
                ensure_same_file()
                stored = self._store(batch)
                ensure_same_file()
                break
            except (DatabaseError, InterfaceError) as exc:
                self.error = database_reason(exc)
                logger.error("the history cannot be written, trying again: %s", exc)
                self.stopping.wait(RETRY_SECONDS)
                tend_connections()
        else:
            return  # not acknowledged, so the broker sends them again
        self.error = ""
        for message in batch:
            self._connection.acknowledge(message)
        if stored:
            self._on_stored(stored)

    def _store(self, batch: list[Received]) -> list[Stored]:
        """Put a batch into history and quarantine in one transaction.

        Where one message can never be stored, each half is tried on its own, down to that one:
        the others must not wait for it.
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
            reason = Reason("it could not be stored: {cause}", cause=repr(exc))
            quarantine([_unreadable(batch[0], reason)])
            return []

    def _sort(self, batch: list[Received]) -> list[Stored]:
        readable: list[tuple[Received, Arrival]] = []
        unreadable: list[Unreadable] = []
        for message in batch:
            if not message.payload:
                continue  # it clears a retained message, or asks whether one may publish here
            try:
                readable.append((message, self._read(message)))
            except InvalidMessageError as exc:
                unreadable.append(_unreadable(message, reason_of(exc)))
        stored: list[Stored] = []
        results = inbox.store([arrival for _message, arrival in readable], self._prefetch)
        for (message, _arrival), result in zip(readable, results, strict=True):
            if isinstance(result, Stored):
                stored.append(result)
            else:
                unreadable.append(_unreadable(message, reason_of(result)))
        quarantine(unreadable)
        return stored

    def _read(self, message: Received) -> Arrival:
        device_id = message.topic.removeprefix(self._topic).removeprefix("/")
        chunk = parse_chunk(message.payload, device_id=device_id)
        on_its_way = time.monotonic() - message.received
        arrived = timezone.now() - timedelta(seconds=on_its_way)
        waited = math.inf if message.retain else message.waited_seconds
        said_at = self._clocks.said_at(chunk, arrived, waited)
        if said_at != chunk.published_at:
            chunk = replace(chunk, published_at=said_at)
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
            interrupted=self._was_interrupted(chunk.device_id, message.received),
        )


def _unreadable(message: Received, reason: str) -> Unreadable:
    return Unreadable(message.topic, message.payload, reason)
