"""Prepare utterances for the broker: their topic and their size."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ttsmirror.conf import conf
from ttsmirror.wire.fields import UTC
from ttsmirror.wire.messages import MAX_AGE_SECONDS, UTTERANCE_CHARACTERS, Chunk

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


def fit(utterance: Chunk) -> list[Chunk]:
    """Split an utterance over the wire's limit into several; the first one keeps the id."""
    text, limit = utterance.text, UTTERANCE_CHARACTERS
    if len(text) <= limit:
        return [utterance]
    parts = [text[start : start + limit] for start in range(0, len(text), limit)]
    others = [replace(utterance, utterance_id=uuid.uuid4(), text=part) for part in parts[1:]]
    return [replace(utterance, text=parts[0]), *others]


def newest(utterances: Iterable[Chunk]) -> list[Chunk]:
    """Return each utterance once: its newest state, from its first unsent part on."""
    found: dict[uuid.UUID, Chunk] = {}
    for each in utterances:
        before = found.get(each.utterance_id)
        found[each.utterance_id] = replace(each, chunk=before.chunk) if before else each
    return list(found.values())
