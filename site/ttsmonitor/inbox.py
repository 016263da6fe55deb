"""The history's side of what arrives: stored once, joined from its chunks, kept when unreadable.

The database decides what is new, not memory: ids are unique, and a chunk's number is unique within
its utterance, so a message that comes again changes nothing.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, takewhile

from django.db import transaction
from django.utils import timezone

from ttsmonitor.exceptions import InvalidMessageError
from ttsmonitor.messages import UTTERANCE_CHARACTERS, Chunk
from ttsmonitor.models import QuarantinedMessage, Utterance, UtteranceChunk

logger = logging.getLogger(__name__)

Status = Utterance.Status
UNKNOWN = 0
"""Chunks in all of an utterance whose last one has not come."""
_SETTLED = (Status.SKIPPED, Status.INTERRUPTED)
MAX_QUARANTINED = 10_000
REPEATED_WITHIN = timedelta(hours=1)


@dataclass(frozen=True)
class Stored:
    """What became of a message."""

    utterance: Utterance
    is_complete: bool
    """All chunks are in the history."""
    became_ready: bool
    """There is something to be spoken now: this one completed it, or more of it has come."""
    is_settled: bool = False
    """This one completed it, and it will not be spoken."""


def store(
    chunk: Chunk, *, retained: bool = False, repeated: bool = False, interrupted: bool = False
) -> Stored:
    """Put a chunk into the history; to be called in a transaction.

    `retained` and `interrupted` ones are kept and not spoken; `repeated` says that the broker
    sent it before. Raises InvalidMessageError where it contradicts what is known of its utterance.
    """
    now = timezone.now()
    if chunk.is_anonymous and (retained or repeated):
        known = _twin(chunk, None if retained else now - REPEATED_WITHIN)
        if known is not None:
            return Stored(known, is_complete=True, became_ready=False)
    utterance, is_new = Utterance.objects.get_or_create(
        id=chunk.utterance_id, defaults=_fields(chunk, now)
    )
    _refuse_stranger(utterance, chunk)
    _part, is_new_part = UtteranceChunk.objects.get_or_create(
        utterance=utterance, number=chunk.chunk, defaults={"text": chunk.text}
    )
    if chunk.total_chunks == 1:
        is_complete, is_first = True, is_new
    else:
        is_complete, is_first = _join(utterance, chunk, is_new_part)
    after = _receive(utterance, retained, interrupted) if is_first else None
    has_grown = is_new_part and not is_new and is_growing(utterance)
    is_ready = after == Status.QUEUED or has_grown
    return Stored(utterance, is_complete, is_ready, after in _SETTLED)


def _fields(chunk: Chunk, now: datetime) -> dict[str, object]:
    return {
        "text": chunk.text,
        "source": chunk.source,
        "device_id": chunk.device_id,
        "lang": chunk.lang,
        "voice": chunk.voice,
        "mood": chunk.mood,
        "intensity": chunk.intensity,
        "priority": chunk.priority,
        "ttl_seconds": chunk.ttl,
        "total_chunks": UNKNOWN if chunk.is_open else chunk.total_chunks,
        "published_at": chunk.published_at or now,
        "received_at": now,
    }


def _refuse_stranger(utterance: Utterance, chunk: Chunk) -> None:
    """A part of something else is not mixed in, whatever its id says."""
    names = ["source", "device_id"] if chunk.total_chunks > 1 else []
    total = utterance.total_chunks
    if chunk.is_open and total != UNKNOWN and chunk.chunk >= total:
        raise InvalidMessageError(
            f"chunk {chunk.chunk} follows the end of utterance {utterance.pk}"
        )
    if not chunk.is_open and total != UNKNOWN:
        names = ["total_chunks", *names]
    for name in names:
        came, known = getattr(chunk, name), getattr(utterance, name)
        if came != known:
            raise InvalidMessageError(
                f"{name} is {came}, but utterance {utterance.pk} came with {known}"
            )


def _join(utterance: Utterance, chunk: Chunk, is_new_part: bool) -> tuple[bool, bool]:
    """(all chunks are there, it can be spoken from this one on)."""
    parts = dict(utterance.chunks.values_list("number", "text"))
    was_open = utterance.total_chunks == UNKNOWN
    if was_open and not chunk.is_open:
        utterance.total_chunks = chunk.total_chunks
        utterance.save(update_fields=["total_chunks"])
    is_complete = len(parts) == utterance.total_chunks
    if is_new_part:
        utterance.text = _joined(parts, utterance.total_chunks or max(parts))
        if sum(map(len, parts.values())) > UTTERANCE_CHARACTERS:
            raise InvalidMessageError(
                f"utterance {utterance.pk} has over {UTTERANCE_CHARACTERS} characters"
            )
        if utterance.status != Status.RECEIVING and not (was_open or is_growing(utterance)):
            utterance.error = "a chunk came too late to be spoken"
        utterance.save(update_fields=["text", "error"])
    return is_complete, is_new_part and (is_complete or (was_open and 1 in parts))


def is_growing(utterance: Utterance) -> bool:
    """Is it spoken, or about to be, while the rest of it is still on its way?"""
    return utterance.status in (Status.QUEUED, Status.PLAYING) and not utterance.error


def beginning(utterance: Utterance) -> tuple[str, bool]:
    """What has come of an utterance without a gap, and whether that is all of it."""
    parts = dict(utterance.chunks.values_list("number", "text"))
    total = Utterance.objects.values_list("total_chunks", flat=True).get(pk=utterance.pk)
    numbers = takewhile(parts.__contains__, count(1))
    text = "".join(parts[number] for number in numbers)
    return text, len(parts) == total


def _joined(parts: dict[int, str], total: int) -> str:
    """The text; an ellipsis stands, and is a pause, where chunks are missing."""
    # No text has a NUL, so it can stand for what is missing.
    text = "".join(parts.get(number, "\0") for number in range(1, total + 1))
    return re.sub(r"\s*\0[\s\0]*", " … ", text).strip() if "\0" in text else text


def _twin(chunk: Chunk, since: datetime | None) -> Utterance | None:
    """The row of the same message without an id, if it came before."""
    same = Utterance.objects.filter(text=chunk.text, device_id=chunk.device_id, source=chunk.source)
    if since is not None:
        same = same.filter(received_at__gte=since)
    return same.recent().first()


def _receive(utterance: Utterance, retained: bool, interrupted: bool) -> Status | None:
    """All of it is there: the status that it has from now on; None where it had one already."""
    if retained:
        # The broker hands a retained message to every new subscriber: it is old by nature.
        after, error = Status.SKIPPED, "retained by the broker: stored, not spoken"
    elif interrupted:
        after, error = Status.INTERRUPTED, "interrupted before its turn"
    else:
        after, error = Status.QUEUED, ""
    query = Utterance.objects.filter(pk=utterance.pk)
    finished = None if after == Status.QUEUED else timezone.now()
    if not query.move(Status.RECEIVING, after, error=error, finished_at=finished):
        return None
    utterance.status, utterance.error = after, error
    return after


def give_up_waiting(wait_seconds: float) -> list[Utterance]:
    """Queue utterances that waited too long for a chunk, with what is there, marked."""
    limit = timezone.now() - timedelta(seconds=wait_seconds)
    ready = []
    for utterance in Utterance.objects.receiving().filter(received_at__lt=limit):
        with transaction.atomic():
            there = set(utterance.chunks.values_list("number", flat=True))
            total = utterance.total_chunks or max(there) + 1
            missing = sorted(set(range(1, total + 1)) - there)
            numbers = ", ".join(map(str, missing[:10])) + (" …" if len(missing) > 10 else "")
            error = f"chunk {numbers} of {total} did not come"
            query = Utterance.objects.filter(pk=utterance.pk)
            if query.move(Status.RECEIVING, Status.QUEUED, error=error):
                utterance.refresh_from_db()
                logger.warning("utterance %s: %s", utterance.pk, error)
                ready.append(utterance)
    return ready


def quarantine(topic: str, payload: bytes, reason: str) -> None:
    """Keep what could not be read, the newest ones."""
    logger.warning("quarantined a message on %s: %s", topic[:200], reason)
    # PostgreSQL takes no NUL, and a column has its length.
    topic = topic.replace("\0", "\ufffd")[:1024]
    kept = QuarantinedMessage.objects.create(topic=topic, payload=payload, reason=reason)
    QuarantinedMessage.objects.filter(pk__lte=kept.pk - MAX_QUARANTINED).delete()


def recover() -> list[Utterance]:
    """After a start: what was playing when the service ended will not be said again."""
    interrupted = list(Utterance.objects.filter(status=Status.PLAYING))
    Utterance.objects.filter(pk__in=[utterance.pk for utterance in interrupted]).move(
        Status.PLAYING,
        Status.INTERRUPTED,
        error="the service ended while this was spoken",
        finished_at=timezone.now(),
    )
    for utterance in interrupted:
        utterance.refresh_from_db()
    return interrupted
