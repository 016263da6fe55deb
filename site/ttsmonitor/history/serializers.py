"""An utterance as JSON."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from ttsmirror.models import Utterance
from ttsmirror.wire.fields import format_maybe


def serialize(utterance: Utterance | SimpleNamespace) -> dict[str, Any]:
    """Return the fields that pages, API and events show; times are ISO 8601 in UTC."""
    return {
        "id": str(utterance.id),
        "text": utterance.text,
        "source": utterance.source,
        "device_id": utterance.device_id,
        "lang": utterance.lang,
        "voice": utterance.voice,
        "mood": utterance.mood,
        "intensity": utterance.intensity,
        "priority": utterance.priority,
        "status": utterance.status,
        "error": utterance.error,
        "reason": utterance.reason,
        "published_at": format_maybe(utterance.published_at),
        "received_at": format_maybe(utterance.received_at),
        "started_at": format_maybe(utterance.started_at),
        "finished_at": format_maybe(utterance.finished_at),
        "waiting_ms": utterance.waiting_ms,
        "first_audio_ms": utterance.first_audio_ms,
        "audio_seconds": utterance.audio_seconds,
        "engine": utterance.engine,
    }
