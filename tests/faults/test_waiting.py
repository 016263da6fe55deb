"""The time to first sound does not contain the time in the queue, a pause or missing chunks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable

import pytest

from tests.support.history import wait_for
from tests.support.tools import Listener
from ttsmirror.models import Utterance
from ttsmirror.wire.messages import Chunk
from ttsmonitor.history import stats
from ttsmonitor.service.service import SpeechService

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
Status = Utterance.Status
TEXT_TOPIC = "moxie/tts/text"
PAUSE_MS = 1000.0


def test_time_to_first_sound_counts_from_the_turn(
    make_service: Callable[..., SpeechService],
    listen: Callable[..., Listener],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TTS_CHUNK_WAIT_SECONDS", "1")
    service, sender = make_service("null"), listen()
    service._speaker.pause()
    for number in range(4):
        sender.publish(TEXT_TOPIC, json.dumps({"text": f"Esta es la frase número {number}."}))
    first = Chunk(utterance_id=uuid.uuid4(), text="Falta ", chunk=1, total_chunks=2)
    sender.publish(TEXT_TOPIC, first.to_payload())
    wait_for("Falta …", Status.QUEUED)  # the pause lasts for more than a second
    service._speaker.resume()
    wait_for("Falta …", Status.SPOKEN)
    spoken = list(Utterance.objects.spoken().order_by("received_at"))
    waiting = [each.waiting_ms or 0.0 for each in spoken]
    assert len(spoken) == 5
    assert waiting[:4] == sorted(waiting[:4]) and waiting[0] >= PAUSE_MS
    soon = [each.first_audio_ms or 0.0 for each in spoken]
    for each, waiting_ms, first_audio_ms in zip(spoken, waiting, soon, strict=True):
        assert each.started_at is not None and first_audio_ms > 0
        whole = (each.started_at - each.received_at).total_seconds() * 1000
        # What counted as both would be counted twice.
        assert waiting_ms + first_audio_ms == pytest.approx(whole, abs=PAUSE_MS / 2)
    numbers = stats.collect()
    assert numbers["first_audio_ms"]["p95"] <= max(soon)
    assert numbers["waiting_ms"]["p95"] >= PAUSE_MS
