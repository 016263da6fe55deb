"""Publish utterances without holding up the caller.

`publish()` appends to a queue and returns. A thread does the rest: outbox, broker, confirmations.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import DatabaseError

from ttsmirror.conf import conf
from ttsmirror.database import AWAY, database_reason, tend_connections, with_connections
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.heartbeat import Heartbeat
from ttsmirror.host import is_plugged_in
from ttsmirror.mqtt.access_probe import publish_asking
from ttsmirror.mqtt.connection import MQTTConnection, Received
from ttsmirror.publishing.confirmations import MirrorState, UnconfirmedUtterances
from ttsmirror.publishing.deduplication import Deduplicator, RobotReport
from ttsmirror.publishing.history import HistoryFollower
from ttsmirror.publishing.outgoing import aged, newest, text_topic
from ttsmirror.publishing.queue_items import (
    Confirmed,
    Handed,
    Item,
    Resend,
    StatusMessage,
)
from ttsmirror.publishing.robot_marks import RobotMarks
from ttsmirror.wire.control import Control
from ttsmirror.wire.messages import (
    CONTROL_TOPIC,
    HEALTH_TOPIC,
    PLUG_IN_COMPONENT,
    SPEECH_COMPONENT,
    STATUS_TOPIC,
    Chunk,
    parse_object,
    tidy,
)

logger = logging.getLogger(__name__)

BATCH = 100
TICK_SECONDS = 1.0
FORK_SECONDS = 5.0
HEAD_START_SECONDS = 0.002
"""The robot's own command leaves meanwhile: it would wait for this thread's share of Python."""


def _ignore(*_news: Any) -> None:
    """Do nothing: nobody wants to know."""


@dataclass(frozen=True, kw_only=True)
class Listener:
    """Callbacks of the publisher. They run on its threads and must return at once."""

    on_status: Callable[[dict[str, Any]], None] = _ignore
    """Takes a message of moxie/tts/status."""
    on_sent: Callable[[str], None] = _ignore
    """Takes the id of an utterance that left for the broker."""
    on_robot: Callable[[str, bool], None] = _ignore
    """Takes the id of an utterance and whether its robot confirmed that it said it."""


class Publisher:
    """A queue and the thread that empties it. One per process."""

    def __init__(self, *, host: str = "", port: int = 0, topic: str = "", sender: str = "") -> None:
        """Prepare the publisher without connecting. Empty values come from the settings.

        Of an outbox that other components share it publishes what is from `sender`.
        """
        self._topic = topic or conf.MQTT_TOPIC
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._listeners: list[Listener] = []
        self._unconfirmed = UnconfirmedUtterances(sender)
        self._echoes = Deduplicator(self._tell_robot)
        self._marks = RobotMarks()
        # Elsewhere the speech service's own history is in reach.
        self._history = HistoryFollower() if is_plugged_in() else None
        self._is_heard = True
        self._is_full = False
        self._reported = ""
        self._deadline = float("inf")
        self._working = threading.Lock()
        self._heartbeat = Heartbeat()
        self._thread = threading.Thread(
            target=with_connections(self._run), name="ttsmirror.publisher", daemon=True
        )
        self.connection = MQTTConnection(
            f"moxie-tts-mirror-{uuid.uuid4().hex[:12]}",
            host=host,
            port=port,
            subscriptions=[(STATUS_TOPIC, 0), (f"{HEALTH_TOPIC}/{SPEECH_COMPONENT}", 1)],
            on_message=self._received,
            on_ready=lambda: self._items.put(Resend(is_all=False)),
            # Our own hive has a connection that tells so.
            component=PLUG_IN_COMPONENT if is_plugged_in() else "",
        )

    def start(self) -> None:
        """Start the threads."""
        self._marks.start()
        self._thread.start()

    def publish(self, utterance: Chunk) -> None:
        """Queue an utterance and return."""
        self._items.put(utterance)

    def hand_over(self, make: Callable[[], Handed]) -> None:
        """Queue a call; what `make` returns on this publisher's thread is published."""
        self._items.put(make)

    def robot_said(self, heard: RobotReport) -> None:
        """Queue a robot's report and return; a new sentence is published like any other."""
        self._items.put(heard)

    def publish_control(self, control: Control) -> None:
        """Queue a control and return. Without a broker it is dropped: it was for now.

        An interrupt also withdraws what is not confirmed yet, with or without a broker.
        """
        self._items.put(control)

    def add_listener(self, listener: Listener) -> None:
        """Call `listener` from now on."""
        self._listeners.append(listener)

    @property
    def state(self) -> MirrorState:
        """A snapshot of the publisher's progress."""
        return self._unconfirmed.state

    @property
    def fault(self) -> str:
        """Why this thread or the network's does not do its work; empty if both do."""
        is_due = self._thread.ident is not None and self._deadline == float("inf")
        own = self._heartbeat.fault(self._thread) if is_due else ""
        return own or self.connection.fault

    def stop(self, timeout_seconds: float = 3.0) -> None:
        """Publish what was queued, wait for its confirmation, at most so long, and end.

        What is not confirmed by then stays in the outbox for the next start.
        """
        if not self._thread.is_alive() or self._deadline < float("inf"):
            return
        self._deadline = time.monotonic() + timeout_seconds
        self._items.put(None)
        self._thread.join(timeout_seconds + 1)
        if self._thread.is_alive():
            logger.error("the outbox did not answer in time: the last sentences may be lost")
        self._marks.stop()
        self.connection.stop(max(0.1, self._deadline - time.monotonic()))

    def hold(self) -> bool:
        """Keep the threads away from their databases until release(); False where one stays busy.

        For a fork: SQLite notes in the process which locks it holds. A child with a copy of such
        a note would wait for ever for a thread that it does not have.
        """
        if not self._working.acquire(timeout=FORK_SECONDS):
            return False
        if not self._marks.hold(FORK_SECONDS):
            self._working.release()
            return False
        return True

    def release(self) -> None:
        """Let the threads go on after hold()."""
        self._marks.release()
        self._working.release()

    def _run(self) -> None:
        try:
            self.connection.start()
        except Exception as exc:
            logger.error("the mirror cannot connect: %s; sentences are kept", exc)
        self._heartbeat.adopt_thread()
        swept = time.monotonic()
        is_stopping = False
        with self._working:
            self._try(self._unconfirmed.load)
            self._try(self._echoes.save)
        while True:
            self._heartbeat.beat()
            self._try(self.connection.tend)
            batch, is_last = self._next_batch(0.05 if is_stopping else TICK_SECONDS)
            is_sweep = not is_stopping and time.monotonic() - swept > conf.TTS_RETRY_SECONDS / 3
            with self._working:
                tend_connections()
                self._handle(batch)
                self._try(self._save)
                self._echoes.settle()
                if not self._unconfirmed.is_away:
                    self._try(self._echoes.save)
                    if self._history is not None:
                        self._try(self._history.write)
                if is_sweep:
                    self._try(self._sweep)
            if is_sweep:
                swept = time.monotonic()
            is_stopping |= is_last
            if is_stopping and not batch and self._is_settled():
                break
        with self._working:
            self._try(lambda: self._unconfirmed.save(at_once=True))

    def _report_once(self, error: str) -> None:
        """Log an error of the database, unless it is the same as before."""
        if error != self._reported:
            logger.error("the outbox cannot be used: %s", error)
            self._reported = error

    def _try(self, step: Callable[..., object], *arguments: Any) -> None:
        """Run one step and log its failure, so that the next step still runs."""
        try:
            step(*arguments)
        except AWAY as exc:
            self._unconfirmed.fail(exc)
        except DatabaseError as exc:
            self._report_once(f"{database_reason(exc)}")
        except Exception:
            logger.exception("the publisher failed")
        finally:
            tend_connections()

    def _is_settled(self) -> bool:
        """Return True where nothing is left to wait for, or no time."""
        link = self.connection
        is_hopeful = (link.is_ready and self._is_heard) or link.is_new
        return not (self._unconfirmed and is_hopeful) or time.monotonic() > self._deadline

    def _next_batch(self, timeout_seconds: float) -> tuple[list[Item], bool]:
        batch: list[Item] = []
        try:
            batch.append(self._items.get(timeout=timeout_seconds))
            if isinstance(batch[0], Chunk) or callable(batch[0]):
                time.sleep(HEAD_START_SECONDS)
            while len(batch) < BATCH and batch[-1] is not None:
                batch.append(self._items.get_nowait())
        except queue.Empty:
            pass
        return batch, bool(batch) and batch[-1] is None

    def _save(self) -> None:
        """Write what the outbox could not take before."""
        if self._unconfirmed.save():
            self._publish_again(is_all=False)

    def _listen(self, item: Item) -> Item:
        """Resolve an item: run a queued call, match a report with what was sent."""
        try:
            if callable(item):
                item = item()
            if isinstance(item, RobotReport):
                return self._echoes.match_report(item)
            if isinstance(item, Chunk) and not item.is_open:  # a robot tells of the whole
                self._echoes.note(item)
        except Exception:
            logger.exception("mirroring an utterance failed")
        return item

    def _handle(self, batch: list[Item]) -> None:
        batch = [self._listen(item) for item in batch]
        # In order: an interrupt must not overtake what it is to stop.
        for is_text, items in groupby(batch, key=lambda item: isinstance(item, Chunk)):
            if is_text:
                self._try(self._publish_new, [item for item in items if isinstance(item, Chunk)])
                continue
            for item in items:
                if isinstance(item, Control):
                    self._try(self._obey, item)
        if confirmed := [item.utterance_id for item in batch if isinstance(item, Confirmed)]:
            self._try(self._confirm, confirmed)
        if self._history is not None:
            for item in batch:
                if isinstance(item, StatusMessage):
                    self._history.follow(item.fields)
        if wishes := [item.is_all for item in batch if isinstance(item, Resend)]:
            self._try(self._publish_again, any(wishes))

    def _obey(self, control: Control) -> None:
        # First of all: whoever wants silence waits for no database.
        if self.connection.is_ready:
            self.connection.publish(CONTROL_TOPIC, control.to_payload(), qos=1)
        if control.action == "interrupt":
            # Also where nobody hears it now: what is still on its way is not to be spoken later.
            self._unconfirmed.withdraw(control.device_id)

    def _publish_new(self, chunks: list[Chunk]) -> None:
        utterances = newest([tidy(chunk) for chunk in chunks])
        self._unconfirmed.add(utterances)
        self._send(utterances)

    def _publish_again(self, is_all: bool) -> None:
        if not self.connection.is_ready:
            return
        now = self.connection.number
        utterances = self._unconfirmed.all(but_sent_over=None if is_all else now)
        if utterances:
            logger.info("publishing %d unconfirmed sentences again", len(utterances))
            self._send(utterances)

    def _send(self, utterances: list[Chunk]) -> None:
        """Send utterances; without a connection the outbox keeps them."""
        sent, connection = [], self.connection.number
        for utterance in utterances:
            if not self.connection.is_ready or not self._send_one(utterance):
                break
            sent.append(utterance.utterance_id)
        self._unconfirmed.sent(sent, connection)

    def _send_one(self, utterance: Chunk) -> bool:
        topic = text_topic(utterance, self._topic)
        chunks = aged(utterance).split()
        if self._unconfirmed.went_over(utterance.utterance_id, self.connection.number):
            chunks = chunks[utterance.chunk - 1 :]
        for chunk in chunks:
            if self.connection.publish(topic, chunk.to_payload(), qos=conf.MQTT_QOS) is None:
                if not self._is_full:  # said once, not with each sentence
                    logger.warning("too many messages wait for the broker: the rest is sent later")
                self._is_full = True
                return False
        self._is_full = False
        logger.info(
            "published %s on %s: %d characters in %d chunks",
            utterance.utterance_id,
            topic,
            len(utterance.text),
            len(chunks),
        )
        self._tell(lambda listener: listener.on_sent(str(utterance.utterance_id)))
        return True

    def _confirm(self, ids: list[uuid.UUID]) -> None:
        if self._history is not None:
            self._history.add_confirmed(ids)  # while the outbox has their words
        self._unconfirmed.confirm(ids)
        logger.debug("stored by the speech service: %s", ", ".join(map(str, ids)))
        if self._unconfirmed.clear_overdue():
            self._publish_again(is_all=True)

    def _sweep(self) -> None:
        # While the speech service is away, the broker would queue every repeated copy for it.
        is_heard = self.connection.is_ready and self._is_heard
        was_overdue = self.state.overdue > 0
        due = self._unconfirmed.sweep(is_heard=is_heard)
        self._send(due)
        if due and self.state.overdue and not was_overdue:
            topic, payload = text_topic(due[0], self._topic), due[0].split()[0].to_payload()
            taken = publish_asking(topic, payload, *self.connection.endpoint)
            self._unconfirmed.is_denied = taken is False
            if self._unconfirmed.is_denied:
                logger.warning("%s", self.state.problem)

    def _received(self, message: Received) -> None:
        try:
            fields = parse_object(message.payload)
        except InvalidMessageError as exc:
            logger.debug("ignored a message on %s: %s", message.topic, exc)
            return
        if message.topic != STATUS_TOPIC:
            self._is_heard = fields.get("status") != "offline"
            if self._is_heard and not message.retain:  # it has come up just now
                self._items.put(Resend(is_all=True))
            return
        if fields.get("event") == "stored" and not message.retain:
            self._note_stored(fields)
        if self._history is not None and not message.retain:
            self._items.put(StatusMessage(fields))
        self._tell(lambda listener: listener.on_status(fields))

    def _note_stored(self, fields: dict[str, Any]) -> None:
        try:
            self._items.put(Confirmed(uuid.UUID(str(fields.get("id")))))
        except ValueError:
            logger.debug("a status without a readable id")

    def _tell_robot(self, utterance_id: uuid.UUID, is_confirmed: bool) -> None:
        self._marks.add(utterance_id, is_confirmed)
        self._tell(lambda listener: listener.on_robot(str(utterance_id), is_confirmed))

    def _tell(self, call: Callable[[Listener], None]) -> None:
        for listener in list(self._listeners):
            try:
                call(listener)
            except Exception:
                logger.exception("a listener failed")
