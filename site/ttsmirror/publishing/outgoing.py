"""Prepare utterances for the broker: their topic and their size."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace

from ttsmirror.conf import conf
from ttsmirror.wire.messages import UTTERANCE_CHARACTERS, Chunk


def text_topic(utterance: Chunk, base: str) -> str:
    """Return `base`, or the robot's own topic below it where MQTT_TOPIC_PER_DEVICE says so.

    The payload names the robot in either case, and subscribers listen to both.
    """
    if conf.MQTT_TOPIC_PER_DEVICE and utterance.device_id:
        return f"{base}/{utterance.device_id}"
    return base


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
