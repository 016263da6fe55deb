"""An utterance as JSON, and its columns in every answer, event and file."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from ttsmirror.models import Utterance
from ttsmirror.wire.fields import format_time
from ttsmonitor.history.robot_names import robot_names

COLUMNS = (
    "received_at",
    "text",
    "translation",
    "source",
    "device_id",
    "robot",
    "status",
    "error",
    "mood",
    "intensity",
    "lang",
    "voice",
    "engine",
    "priority",
    "published_at",
    "started_at",
    "finished_at",
    "waiting_ms",
    "first_audio_ms",
    "audio_seconds",
    "id",
    "robot_confirmed",
    "reason",
)
"""Attributes of an Utterance, and `robot`: what its robot is called. See monitor/schemas.py."""


def serialize(utterance: Utterance) -> dict[str, Any]:
    """Return the fields that pages, API, files and events show; times are ISO 8601 in UTC."""
    robot = robot_names.label(utterance.device_id)
    return {
        name: robot if name == "robot" else _as_json(getattr(utterance, name)) for name in COLUMNS
    }


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_time(value)
    return str(value) if isinstance(value, uuid.UUID) else value
