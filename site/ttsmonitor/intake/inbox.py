"""Store arriving messages as utterances: each once, joined from its chunks.

The database decides what is new, not memory: ids are unique, and a chunk's number is unique within
its utterance, so a repeated message changes nothing. A batch is stored in as many queries as a
single message.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.models import UNKNOWN_TOTAL, Utterance, UtteranceChunk, utterance_fields
from ttsmirror.reasons import Reason, reason_columns
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS, Chunk
from ttsmonitor.intake.bulk_insert import insert_new

logger = logging.getLogger(__name__)

Status = Utterance.Status
REPEATED_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Arrival:
    """A readable message and how it arrived."""

    chunk: Chunk
    retained: bool = False
    """The broker sends it to every new subscriber; it is stored, but not spoken."""
    repeated: bool = False
    """The broker sent it before."""
    interrupted: bool = False
    """An interrupt overtook it; it is stored, but not spoken."""

    @property
    def is_whole_news(self) -> bool:
        """True for a complete utterance that is spoken if it is not stored yet."""
        is_old = self.retained or self.repeated or self.interrupted
        return self.chunk.total_chunks == 1 and not is_old


@dataclass(frozen=True)
class Stored:
    """The result of storing one message."""

    utterance: Utterance
    is_complete: bool
    """All chunks are in the history."""
    became_ready: bool
    """It can be spoken now, because this message completed it or continued a growing text."""
    is_settled: bool = False
    """This message completed it, and it will not be spoken."""


def store(
    arrivals: Sequence[Arrival], prefetch: Callable[[Utterance], None] = lambda utterance: None
) -> list[Stored | InvalidMessageError]:
    """Store messages in order, inside the caller's transaction.

    Return a result for each message: an InvalidMessageError if it contradicts the stored
    utterance. `prefetch` is called with the first utterance that can be spoken, some milliseconds
    before the commit. A complete one is passed on even before the database has been queried for it.
    """
    whole = next((each for each in arrivals if each.is_whole_news), None)
    if whole is not None:
        prefetch(Utterance(text=whole.chunk.text, **utterance_fields(whole.chunk, timezone.now())))
    batch = _Batch(arrivals)
    results: list[Stored | InvalidMessageError] = []
    for arrival in arrivals:
        try:
            results.append(batch.take(arrival))
        except InvalidMessageError as exc:
            results.append(exc)
    ready = (each for each in results if isinstance(each, Stored) and each.became_ready)
    if whole is None and (first := next(ready, None)) is not None:
        prefetch(first.utterance)
    batch.write()
    return results


@dataclass
class _Draft:
    """An utterance while messages are added to it."""

    utterance: Utterance
    is_new: bool = False
    parts: dict[int, str] = field(default_factory=dict)
    added: list[int] = field(default_factory=list)
    is_closed: bool = False
    """It was incomplete, and its last chunk has arrived."""

    @property
    def is_complete(self) -> bool:
        return len(self.parts) == self.utterance.total_chunks

    def add(self, chunk: Chunk) -> bool:
        """Add a chunk; return False if it is there already. Raises InvalidMessageError."""
        utterance = self.utterance
        _refuse_stranger(utterance, chunk)
        is_news = chunk.chunk not in self.parts
        if not is_news and self.parts[chunk.chunk] != chunk.text:
            raise InvalidMessageError(
                Reason("utterance {id} came before with another text", id=str(utterance.pk))
            )
        parts = {chunk.chunk: chunk.text} | self.parts
        if sum(map(len, parts.values())) > UTTERANCE_CHARACTERS:
            raise InvalidMessageError(
                Reason(
                    "utterance {id} has over {limit} characters",
                    id=str(utterance.pk),
                    limit=UTTERANCE_CHARACTERS,
                )
            )
        was_open = utterance.is_streaming
        if was_open and not chunk.is_open:
            utterance.total_chunks, self.is_closed = chunk.total_chunks, True
        if is_news:
            self._take_in(parts, chunk.chunk, was_open)
        return is_news

    def _take_in(self, parts: dict[int, str], number: int, was_open: bool) -> None:
        utterance = self.utterance
        self.parts = parts
        self.added.append(number)
        utterance.text = _joined(parts, utterance.total_chunks or max(parts))
        if utterance.status != Status.RECEIVING and not (was_open or utterance.is_growing):
            utterance.failure = Reason("a chunk arrived too late to be spoken")


class _Batch:
    """The known state of utterances that arrive together, and what is new about them."""

    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self._now = timezone.now()
        self._drafts = _known({arrival.chunk.utterance_id for arrival in arrivals})
        self._twins = _twins(arrivals, self._now)

    def take(self, arrival: Arrival) -> Stored:
        """Add one message. Raises InvalidMessageError."""
        if (twin := self._twin(arrival)) is not None:
            return Stored(twin, is_complete=True, became_ready=False)
        draft = self._draft(arrival.chunk)
        utterance = draft.utterance
        was_open = utterance.is_streaming
        is_news = draft.add(arrival.chunk)
        can_begin = draft.is_complete or (was_open and 1 in draft.parts)
        if not (is_news and can_begin and utterance.status == Status.RECEIVING):
            has_grown = is_news and utterance.is_growing
            return Stored(utterance, draft.is_complete, became_ready=has_grown)
        self._receive(utterance, arrival)
        is_settled = utterance.status != Status.QUEUED
        return Stored(utterance, draft.is_complete, not is_settled, is_settled)

    def write(self) -> None:
        """Write the changes to the database."""
        drafts = self._drafts.values()
        insert_new([draft.utterance for draft in drafts if draft.is_new])
        insert_new(
            [
                UtteranceChunk(utterance=draft.utterance, number=number, text=draft.parts[number])
                for draft in drafts
                if draft.utterance.total_chunks != 1  # of one, the utterance has all there is
                for number in draft.added
            ]
        )
        known = [draft for draft in drafts if not draft.is_new]
        grown = [draft.utterance for draft in known if draft.added or draft.is_closed]
        Utterance.objects.bulk_update(
            grown, ["text", "error", "reason", "status", "finished_at", "total_chunks"]
        )

    def _draft(self, chunk: Chunk) -> _Draft:
        draft = self._drafts.get(chunk.utterance_id)
        if draft is None:
            # Each a little later than the one before: that is the order in which they are spoken.
            self._now += timedelta(microseconds=1)
            total = UNKNOWN_TOTAL if chunk.is_open else chunk.total_chunks
            utterance = Utterance(text="", total_chunks=total, **utterance_fields(chunk, self._now))
            draft = _Draft(utterance, is_new=True)
            self._drafts[chunk.utterance_id] = draft
            if chunk.is_anonymous:
                self._twins[_sameness(chunk)] = draft.utterance
        return draft

    def _twin(self, arrival: Arrival) -> Utterance | None:
        """Return the utterance of an earlier copy of a message without an id."""
        if not _may_have_twin(arrival):
            return None
        twin = self._twins.get(_sameness(arrival.chunk))
        since = None if arrival.retained else self._now - REPEATED_WITHIN
        is_it = twin is not None and (since is None or twin.received_at >= since)
        return twin if is_it else None

    def _receive(self, utterance: Utterance, arrival: Arrival) -> None:
        """Set the status of an utterance of which all that is needed has arrived."""
        if arrival.retained:
            # The broker hands a retained message to every new subscriber: it is old by nature.
            utterance.status = Status.SKIPPED
            utterance.failure = Reason("retained by the broker: stored, not spoken")
        elif arrival.interrupted:
            utterance.status = Status.INTERRUPTED
            utterance.failure = Reason("interrupted before its turn")
        else:
            utterance.status = Status.QUEUED
        if utterance.status != Status.QUEUED:
            utterance.finished_at = self._now


def _refuse_stranger(utterance: Utterance, chunk: Chunk) -> None:
    """Raise InvalidMessageError for a chunk that contradicts its utterance."""
    names = ["source", "device_id"] if chunk.total_chunks > 1 else []
    total = utterance.total_chunks
    if chunk.is_open and total != UNKNOWN_TOTAL and chunk.chunk >= total:
        raise InvalidMessageError(
            Reason(
                "chunk {number} follows the end of utterance {id}",
                number=chunk.chunk,
                id=str(utterance.pk),
            )
        )
    if not chunk.is_open and total != UNKNOWN_TOTAL:
        names = ["total_chunks", *names]
    for name in names:
        came, known = getattr(chunk, name), getattr(utterance, name)
        if came != known:
            raise InvalidMessageError(
                Reason(
                    "{name} is {value}, but utterance {id} came with {known}",
                    name=name,
                    value=came,
                    id=str(utterance.pk),
                    known=known,
                )
            )


def _joined(parts: dict[int, str], total: int) -> str:
    """Join chunks; an ellipsis, spoken as a pause, stands for missing ones."""
    # No text has a NUL, so it can stand for what is missing.
    text = "".join(parts.get(number, "\0") for number in range(1, total + 1))
    return re.sub(r"\s*\0[\s\0]*", " … ", text).strip() if "\0" in text else text


def _known(ids: set[UUID]) -> dict[UUID, _Draft]:
    """Load utterances with their chunks and lock them until the end of the transaction."""
    rows = Utterance.objects.select_for_update().filter(pk__in=ids)
    drafts = {row.pk: _Draft(row) for row in rows}
    of_several = [pk for pk, draft in drafts.items() if draft.utterance.total_chunks != 1]
    if of_several:
        for part in UtteranceChunk.objects.filter(utterance__in=of_several):
            drafts[part.utterance_id].parts[part.number] = part.text
    for draft in drafts.values():
        if draft.utterance.total_chunks == 1:
            draft.parts[1] = draft.utterance.text
    return drafts


def _may_have_twin(arrival: Arrival) -> bool:
    return arrival.chunk.is_anonymous and (arrival.retained or arrival.repeated)


def _sameness(message: Chunk | Utterance) -> tuple[str, str, str]:
    """Return the key that copies of a message without an id share."""
    return message.text, message.device_id, message.source


def _twins(arrivals: Sequence[Arrival], now: datetime) -> dict[tuple[str, str, str], Utterance]:
    """Return the newest stored utterance for each message that may be a copy."""
    asked = [arrival for arrival in arrivals if _may_have_twin(arrival)]
    if not asked:
        return {}
    rows = Utterance.objects.filter(text__in={arrival.chunk.text for arrival in asked})
    if not any(arrival.retained for arrival in asked):
        rows = rows.filter(received_at__gte=now - REPEATED_WITHIN)
    return {_sameness(row): row for row in rows.order_by("received_at")}


def give_up_waiting(wait_seconds: float) -> list[Utterance]:
    """Queue utterances whose missing chunks did not come in time; mark them."""
    limit = timezone.now() - timedelta(seconds=wait_seconds)
    ready = []
    for utterance in Utterance.objects.receiving().filter(received_at__lt=limit):
        with transaction.atomic():
            there = set(utterance.chunks.values_list("number", flat=True))
            total = utterance.total_chunks or max(there) + 1
            missing = sorted(set(range(1, total + 1)) - there)
            numbers = ", ".join(map(str, missing[:10])) + (" …" if len(missing) > 10 else "")
            error = Reason(
                "chunk {numbers} of {total} did not arrive", numbers=numbers, total=total
            )
            query = Utterance.objects.filter(pk=utterance.pk)
            if query.move(Status.RECEIVING, Status.QUEUED, **reason_columns(error)):
                utterance.refresh_from_db()
                logger.warning("utterance %s: %s", utterance.pk, error)
                ready.append(utterance)
    return ready


def recover() -> list[Utterance]:
    """End utterances that were playing when the service ended; they are not spoken again."""
    interrupted = list(Utterance.objects.filter(status=Status.PLAYING))
    Utterance.objects.filter(pk__in=[utterance.pk for utterance in interrupted]).move(
        Status.PLAYING,
        Status.INTERRUPTED,
        **reason_columns(Reason("the service ended while this was spoken")),
        finished_at=timezone.now(),
    )
    for utterance in interrupted:
        utterance.refresh_from_db()
    return interrupted
