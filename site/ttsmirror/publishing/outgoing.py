"""Prepare utterances for the broker: their topic and their size."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ttsmirror.conf import conf
from ttsmirror.wire.fields import UTC
from ttsmirror.wire.messages import MAX_AGE_SECONDS, UTTERANCE_CHARACTERS, Chunk

logger = logging.getLogger(__name__)

LAST_CHARACTERS = 1
"""Kept free for the end of an answer that is sent in parts."""
FRESH_SECONDS = 1.0
"""Less is not worth a field of the message."""


def text_topic(utterance: Chunk, base: str) -> str:
    """Return `base`, or the robot's own topic below it where MQTT_TOPIC_PER_DEVICE says so.

    The payload names the robot in either case, and subscribers listen to both.
    """
    if conf.MQTT_TOPIC_PER_DEVICE and utterance.device_id:
        return f"{base}/{utterance.device_id}"
    return base


def aged(utterance: Chunk) -> Chunk:
    """Return `utterance` with its age now, where it was not said just now."""
    if utterance.published_at is None:
        return utterance
    seconds = (datetime.now(UTC) - utterance.published_at).total_seconds()
    if seconds < FRESH_SECONDS:
        return utterance
    return replace(utterance, age=min(round(seconds, 1), MAX_AGE_SECONDS))


def within_limit(text: str, said: int = 0) -> str:
    """Return the part of `text` that an utterance takes after `said` characters; log a cut.

    Whoever speaks is not held up by a refusal, so the beginning is mirrored.
    """
    room = max(0, UTTERANCE_CHARACTERS - LAST_CHARACTERS - said)
    if len(text) <= room:
        return text
    logger.error(
        "a text of %d characters is over the limit; only its first %d are mirrored",
        said + len(text),
        said + room,
    )
    return f"{text[: room - 1]}…" if room else ""


def newest(utterances: Iterable[Chunk]) -> list[Chunk]:
    """Return each utterance once: its newest state, from its first unsent part on."""
    found: dict[uuid.UUID, Chunk] = {}
    for each in utterances:
        before = found.get(each.utterance_id)
        found[each.utterance_id] = replace(each, chunk=before.chunk) if before else each
    return list(found.values())
