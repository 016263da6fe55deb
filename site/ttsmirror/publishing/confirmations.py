"""What the publisher has not seen confirmed: the outbox, and what memory has to know beside it.

For the publisher's thread only; `state` may be read from any.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError

from ttsmirror.conf import conf
from ttsmirror.plugged_in import database
from ttsmirror.publishing import outbox
from ttsmirror.wire.messages import STATUS_TOPIC, Chunk

logger = logging.getLogger(__name__)

NOT_SENT = -1
UNHEARD = (
    "nobody confirms what was published (sentences: %d): does a speech service listen on %s, and"
    " does the broker's ACL let this account write there and read %s?"
)


@dataclass(frozen=True)
class MirrorState:
    """How far what was said has got."""

    waiting: int = 0
    """Sentences that nobody has confirmed as stored yet."""
    overdue: int = 0
    """Of these, what was published long ago, though broker and speech service seem to be there."""
    lost: int = 0
    """Sentences that were given up, unconfirmed, since this process started."""
    error: str = ""
    """Why the outbox cannot be written; empty where it can."""

    @property
    def problem(self) -> str:
        """What is wrong, in a sentence; empty where nothing is."""
        if self.error:
            return f"the outbox cannot be written: {self.error}"
        if self.overdue:
            return UNHEARD % (self.overdue, conf.MQTT_TOPIC, STATUS_TOPIC)
        return ""


class UnconfirmedUtterances:
    """Utterances from the hand-over to their confirmation."""

    def __init__(self) -> None:
        self._connections: dict[UUID, int] = {}  # over which each was sent last
        self._unsaved: list[Chunk] = []  # what the outbox could not take
        self._overdue: set[UUID] = set()
        self._lost = 0
        self._error = ""
        self._lacks_tables = database.is_own()  # a plug-in's may not be there yet

    def __len__(self) -> int:
        return len(self._connections)

    @property
    def state(self) -> MirrorState:
        return MirrorState(len(self._connections), len(self._overdue), self._lost, self._error)

    def load(self) -> None:
        """Load what the outbox has from an earlier run. A plug-in makes its tables first."""
        if self._lacks_tables:
            database.prepare()
            self._lacks_tables = False
        kept = [*outbox.ids(), *(each.utterance_id for each in self._unsaved)]
        self._connections = {each: self._connections.get(each, NOT_SENT) for each in kept}
        self._overdue &= self._connections.keys()

    def add(self, utterances: Sequence[Chunk]) -> None:
        """Keep these until they are confirmed: in the outbox, or in memory while that is away."""
        # One that grows keeps the connection that its beginning went over.
        self._connections = {each.utterance_id: NOT_SENT for each in utterances} | self._connections
        if any(each.parts for each in utterances):
            grown = {each.utterance_id for each in utterances}
            self._unsaved = [each for each in self._unsaved if each.utterance_id not in grown]
        self._unsaved += utterances
        self.save()

    def save(self) -> None:
        """Write into the outbox what it has not got yet."""
        if not self._unsaved:
            return
        try:
            outbox.add(self._unsaved)
        except (OperationalError, InterfaceError) as exc:
            # Speech without the promise is better than none: they are sent nevertheless.
            if not self._error:
                logger.error("the outbox cannot be written, sentences are kept in memory: %s", exc)
            self._error = str(exc)
            self._give_up(self._unsaved[: -conf.TTS_OUTBOX_ROWS])
            return
        except Exception:
            # Never, then: what comes after these must not wait for them.
            logger.exception("the outbox does not take %d sentences", len(self._unsaved))
            self._give_up(self._unsaved[:])
        self._unsaved.clear()
        if self._error:
            self._error = ""
            logger.info("the outbox can be written again")

    def _give_up(self, utterances: Sequence[Chunk]) -> None:
        del self._unsaved[: len(utterances)]
        for each in utterances:
            self._connections.pop(each.utterance_id, None)
        self._lost += len(utterances)

    def sent(self, ids: Sequence[UUID], connection: int) -> None:
        """These went out over this connection."""
        self._connections |= dict.fromkeys(ids, connection)
        outbox.attempted(ids)

    def went_over(self, utterance_id: UUID, connection: int) -> bool:
        """Did it, or its beginning, go out over this connection?"""
        return self._connections.get(utterance_id) == connection

    def confirm(self, ids: Iterable[UUID]) -> None:
        """The speech service has these in its history."""
        confirmed = set(ids)
        for each in confirmed:
            self._connections.pop(each, None)
        self._unsaved = [each for each in self._unsaved if each.utterance_id not in confirmed]
        outbox.confirm(confirmed)

    def withdraw(self, device_id: str) -> None:
        """What a robot (empty: any) still has here goes to the history, and is not spoken."""
        self._unsaved = [
            replace(each, ttl=0) if device_id in ("", each.device_id) else each
            for each in self._unsaved
        ]
        outbox.withdraw(device_id)

    def all(self, *, but_sent_over: int | None = None) -> list[Chunk]:
        """Everything, oldest first; without what went out over that connection already."""
        self.save()
        try:
            saved = outbox.unconfirmed()
        except DatabaseError as exc:
            logger.error("the outbox cannot be read: %s", exc)
            saved = []
        return [
            each
            for each in [*saved, *self._unsaved]
            if but_sent_over is None or self._connections.get(each.utterance_id) != but_sent_over
        ]

    def sweep(self, *, is_heard: bool) -> list[Chunk]:
        """Give up what is too old or too much; what to send again, where somebody should hear."""
        if self._lacks_tables:
            self.load()
        self.save()
        self._lost += outbox.enforce_bounds(conf.TTS_OUTBOX_ROWS, conf.TTS_OUTBOX_HOURS)
        self._drop_gone()
        if not is_heard:
            self._overdue.clear()
            return []
        due = outbox.due(conf.TTS_RETRY_SECONDS)
        self._note_overdue([each.utterance_id for each in due])
        return due

    def _drop_gone(self) -> None:
        """What fell out of the outbox, or was deleted from the history, is not waited for."""
        kept = {*outbox.ids(), *(each.utterance_id for each in self._unsaved)}
        self._connections = {key: at for key, at in self._connections.items() if key in kept}
        self._overdue &= kept

    def _note_overdue(self, ids: Iterable[UUID]) -> None:
        was_overdue = bool(self._overdue)
        self._overdue |= {each for each in ids if self._connections.get(each, NOT_SENT) != NOT_SENT}
        if self._overdue and not was_overdue:
            logger.warning(UNHEARD, len(self._overdue), conf.MQTT_TOPIC, STATUS_TOPIC)

    def forgive(self) -> bool:
        """Somebody confirms again: nothing is overdue from now on. Was something?"""
        if not self._overdue:
            return False
        logger.info("sentences are confirmed again")
        self._overdue.clear()
        return True
