"""The history in an OpenMoxie follows the status messages of a remote speech service."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmirror.publishing import outbox
from ttsmirror.publishing.history import HistoryFollower
from ttsmirror.reasons import Reason, reason_columns
from ttsmirror.wire.messages import Chunk, status_payload

pytestmark = pytest.mark.django_db


def kept() -> Chunk:
    utterance = Chunk(
        utterance_id=uuid.uuid4(),
        text="Hola",
        source="chat",
        device_id="d_1",
        mood="happy",
        published_at=timezone.now(),
        event_id="e1",
    )
    outbox.add([utterance])
    return utterance


def told(history: HistoryFollower, utterance: Chunk, event: str, **more: Any) -> Utterance:
    history.follow({"id": str(utterance.utterance_id), "event": event} | more)
    history.write()
    return Utterance.objects.get(pk=utterance.utterance_id)


def test_stored_utterance_moves_from_outbox_to_history() -> None:
    history, utterance = HistoryFollower(), kept()
    history.add_confirmed([utterance.utterance_id, uuid.uuid4()])
    history.add_confirmed([utterance.utterance_id])
    row = Utterance.objects.get()
    assert (row.text, row.source, row.device_id, row.mood) == ("Hola", "chat", "d_1", "happy")
    assert row.status == "queued"


def test_status_events_update_the_history_row() -> None:
    history, utterance = HistoryFollower(), kept()
    history.add_confirmed([utterance.utterance_id])
    assert told(history, utterance, "playing").started_at
    row = told(history, utterance, "failed", error="no voice")
    assert (row.status, row.error) == ("failed", "no voice")
    assert row.finished_at
    assert row.reason is None
    # Late events change nothing.
    assert told(history, utterance, "playing").status == "failed"
    assert told(history, utterance, "spoken").status == "failed"


def test_reason_of_status_message_is_stored() -> None:
    history, utterance = HistoryFollower(), kept()
    history.add_confirmed([utterance.utterance_id])
    reason = Reason("the voice {name} failed: {cause}", name="amy", cause=Reason("no memory"))
    message = json.loads(
        status_payload(
            status="idle",
            current_text="",
            queue_size=0,
            component="tts-subscriber",
            event="failed",
            utterance={"id": str(utterance.utterance_id)} | reason_columns(reason),
        )
    )
    row = told(history, utterance, "failed", error=message["error"], reason=message["reason"])
    assert (row.error, row.failure) == (reason, reason)
    assert isinstance(row.failure, Reason)
    assert row.failure.as_json() == reason.as_json()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"event": "spoken"},
        {"event": "spoken", "id": "x"},
        {"event": "dance", "id": str(uuid.uuid4())},
    ],
)
def test_unknown_status_events_are_ignored(fields: dict[str, str]) -> None:
    history = HistoryFollower()
    history.follow(fields)
    history.write()
    assert not Utterance.objects.exists()


def test_outdated_utterances_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_HISTORY_DAYS", "7")
    old = timezone.now() - timedelta(days=8)
    Utterance.objects.create(text="x", status="spoken", published_at=old, received_at=old)
    history = HistoryFollower()
    history.write()
    assert not Utterance.objects.exists()
