"""Utterances that the speech service has not confirmed: the outbox, and memory beside it.

The outbox is a file on the local disk, which may be full or locked. Then new utterances,
confirmations and withdrawals are kept in memory, and save() writes them once it can be written.

For the publisher's thread only; `state` may be read from any.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from ttsmirror.conf import conf
from ttsmirror.database import AWAY, database_reason
from ttsmirror.plugged_in import database
from ttsmirror.publishing import outbox
from ttsmirror.reasons import Reason
from ttsmirror.wire.messages import STATUS_TOPIC, Chunk

logger = logging.getLogger(__name__)

NOT_SENT = -1
RETRY_SECONDS = 2.0
"""Pause after a failed write: an attempt may last as long as the database's connect timeout."""
UNCONFIRMED_WARNING = (
    "published sentences are not confirmed (sentences: %d): does a speech service listen on %s, and"
    " does the broker's ACL let this account write there and read %s?"
)


@dataclass(frozen=True)
class MirrorState:
    """A snapshot of the publisher's progress."""

    waiting: int = 0
    """Sentences that are not confirmed as stored yet."""
    overdue: int = 0
    """Of these, sentences published long ago although broker and speech service seem available."""
    lost: int = 0
    """Sentences dropped without a confirmation since this process started."""
    error: str = ""
    """Why the outbox cannot be written; empty if it can."""
    is_denied: bool = False
    """The broker's access rules forbid this account to publish sentences."""
    published: int = field(default=0, compare=False)
    """Sentences that went out since this process started, repetitions included."""
    confirmed: int = field(default=0, compare=False)
    """Sentences confirmed as stored since this process started."""

    @property
    def problem(self) -> str:
        """The failure as a sentence; empty if there is none."""
        if self.error:
            return Reason("the outbox cannot be written: {cause}", cause=self.error)
        if self.is_denied:
            return Reason(
                "the broker's access rules forbid this account to publish on {topic}",
                topic=conf.MQTT_TOPIC,
            )
        if self.overdue:
            return Reason(
                "published sentences are not confirmed (sentences: {count}): does a speech service"
                " listen on {topic}, and does the broker's ACL let this account write there and"
                " read {status_topic}?",
                count=self.overdue,
                topic=conf.MQTT_TOPIC,
                status_topic=STATUS_TOPIC,
            )
        return ""


class UnconfirmedUtterances:
    """Utterances from their hand-over to the speech service's confirmation."""

    def __init__(self, sender: str = "") -> None:
        """Publish what is in the outbox of `sender`."""
        self._sender = sender
        self._connections: dict[UUID, int] = {}  # over which each was sent last
        self._unsaved: list[Chunk] = []  # not in the table yet
        self._confirmed: set[UUID] = set()  # to be deleted from the table
        self._withdrawn: list[str] = []  # devices, to be applied to the table
        self._overdue: set[UUID] = set()
        self._next_attempt = 0.0  # monotonic seconds
        self._lost = self._published = self._confirmations = 0
        self._error = ""
        self.is_denied = False
        """The broker refused what is overdue."""
        self._lacks_tables = database.has_own_outbox()  # its file may not be there yet

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def state(self) -> MirrorState:
        """A snapshot for other threads."""
        overdue = len(self._overdue)
        return MirrorState(
            waiting=len(self._connections),
            overdue=overdue,
            lost=self._lost,
            error=self._error,
            is_denied=overdue > 0 and self.is_denied,
            published=self._published,
            confirmed=self._confirmations,
        )

    @property
    def is_away(self) -> bool:
        """True if the database failed when it was last asked."""
        return bool(self._error)

    def fail(self, exc: Exception) -> None:
        """Note that the database does not answer. Nothing is asked of it for RETRY_SECONDS."""
        reason = database_reason(exc)
        if not self._error:
            logger.error("the outbox cannot be written, sentences are kept in memory: %s", reason)
        self._error = reason
        self._next_attempt = time.monotonic() + RETRY_SECONDS

    def load(self) -> None:
        """Read the ids of an earlier run, after creating a file that is missing.

        Raises the database's errors.
        """
        if self._lacks_tables:
            database.prepare()
            self._lacks_tables = False
        kept = [*outbox.ids(self._sender), *(each.utterance_id for each in self._unsaved)]
        self._connections = {each: self._connections.get(each, NOT_SENT) for each in kept}
        self._overdue &= self._connections.keys()

    def add(self, utterances: Sequence[Chunk]) -> None:
        """Keep utterances until they are confirmed.

        They are written at once, unless the database is known to be away: the caller sends them
        next, and that must not wait.
        """
        # One that grows keeps the connection that its beginning went over.
        self._connections = {each.utterance_id: NOT_SENT for each in utterances} | self._connections
        if any(each.parts for each in utterances):
            grown = {each.utterance_id for each in utterances}
            self._unsaved = [each for each in self._unsaved if each.utterance_id not in grown]
        self._unsaved += utterances
        if not self.is_away:
            self.save()
        self._give_up(self._unsaved[: -conf.TTS_OUTBOX_ROWS])

    def save(self, *, at_once: bool = False) -> bool:
        """Write the utterances in memory. Return True if the database has just come back.

        After a failure nothing is tried for RETRY_SECONDS, unless it is to be `at_once`.
        """
        if self.is_away and not at_once and time.monotonic() < self._next_attempt:
            return False
        was_away = self.is_away
        try:
            self._write()
            if was_away:
                self.load()  # also if nothing was to be written: it proves that it answers
        except AWAY as exc:
            self.fail(exc)
            return False
        if was_away:
            self._error = ""
            logger.info("the outbox can be written again")
        return was_away

    def _write(self) -> None:
        # In this order: a withdrawal concerns what was said before it.
        for device_id in self._withdrawn:
            outbox.withdraw(device_id)
        self._withdrawn.clear()
        if self._confirmed:
            outbox.confirm(self._confirmed)
            self._confirmed.clear()
        if self._unsaved:
            self._insert()

    def _insert(self) -> None:
        try:
            outbox.add(self._unsaved, self._sender)
        except AWAY:
            raise
        except Exception:
            # These can never be written: what comes after them must not wait for them.
            logger.exception("%d sentences cannot be written to the outbox", len(self._unsaved))
            self._give_up(self._unsaved[:])
        self._unsaved.clear()

    def _give_up(self, utterances: Sequence[Chunk]) -> None:
        del self._unsaved[: len(utterances)]
        for each in utterances:
            self._connections.pop(each.utterance_id, None)
        self._lost += len(utterances)

    def sent(self, ids: Sequence[UUID], connection: int) -> None:
        """Note that these went out over this connection."""
        self._connections |= dict.fromkeys(ids, connection)
        self._published += len(ids)
        if self.is_away or not ids:
            return
        try:
            outbox.attempted(ids)
        except AWAY as exc:
            self.fail(exc)

    def went_over(self, utterance_id: UUID, connection: int) -> bool:
        """Return True if it, or its beginning, was sent over this connection."""
        return self._connections.get(utterance_id) == connection

    def confirm(self, ids: Iterable[UUID]) -> None:
        """Forget these: the speech service has them in its history."""
        confirmed = set(ids)
        for each in confirmed:
            self._confirmations += self._connections.pop(each, None) is not None
        self._unsaved = [each for each in self._unsaved if each.utterance_id not in confirmed]
        self._confirmed |= confirmed
        self.save()

    def withdraw(self, device_id: str) -> None:
        """Keep a robot's utterances (empty: all) from being spoken; the history gets them."""
        self._unsaved = [
            replace(each, ttl=0) if device_id in ("", each.device_id) else each
            for each in self._unsaved
        ]
        self._withdrawn.append(device_id)
        self.save()

    def all(self, *, but_sent_over: int | None = None) -> list[Chunk]:
        """Return all utterances that this connection has not sent, oldest first.

        While the database is away, only what is in memory.
        """
        self.save()
        try:
            saved = [] if self.is_away else outbox.unconfirmed(self._sender)
        except AWAY as exc:
            self.fail(exc)
            saved = []
        return [
            each
            for each in [*saved, *self._unsaved]
            if but_sent_over is None or self._connections.get(each.utterance_id) != but_sent_over
        ]

    def sweep(self, *, is_heard: bool) -> list[Chunk]:
        """Drop utterances beyond the limits; return those to send again, if a service is online.

        Raises what the database raises.
        """
        if self._lacks_tables:
            self.load()
        self.save()
        if self.is_away:
            return []
        self._lost += outbox.enforce_bounds(conf.TTS_OUTBOX_ROWS, conf.TTS_OUTBOX_HOURS)
        self._drop_gone()
        if not is_heard:
            self._overdue.clear()
            return []
        due = outbox.due(conf.TTS_RETRY_SECONDS, self._sender)
        self._note_overdue([each.utterance_id for each in due])
        return due

    def _drop_gone(self) -> None:
        """Forget utterances that are no longer in the outbox."""
        kept = {*outbox.ids(self._sender), *(each.utterance_id for each in self._unsaved)}
        self._connections = {key: at for key, at in self._connections.items() if key in kept}
        self._overdue &= kept

    def _note_overdue(self, ids: Iterable[UUID]) -> None:
        was_overdue = bool(self._overdue)
        self._overdue |= {each for each in ids if self._connections.get(each, NOT_SENT) != NOT_SENT}
        if self._overdue and not was_overdue:
            logger.warning(UNCONFIRMED_WARNING, len(self._overdue), conf.MQTT_TOPIC, STATUS_TOPIC)

    def clear_overdue(self) -> bool:
        """Clear the overdue set. Return True if it was non-empty."""
        if not self._overdue:
            return False
        logger.info("sentences are confirmed again")
        self._overdue.clear()
        return True
