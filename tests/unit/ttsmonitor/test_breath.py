"""What is said in one breath, and what is not."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ttsmonitor.breath import breath_of
from ttsmonitor.models import Utterance
from ttsmonitor.synthesis.base import SpeechRequest
from ttsmonitor.voicing import request_for

pytestmark = pytest.mark.django_db


def queued(text: str, **fields: Any) -> Utterance:
    now = timezone.now()
    fields = {"published_at": now, "received_at": now, "device_id": "d_1"} | fields
    return Utterance.objects.create(
        id=uuid.uuid4(), text=text, source="chat", status=Utterance.Status.QUEUED, **fields
    )


def said_with(first: Utterance) -> list[SpeechRequest]:
    return list(breath_of(first, request_for(first, first.text)).values())


def test_those_that_wait_are_one_breath_and_all_but_the_last_run_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TTS_BREATH_CHARACTERS", "15")
    first = queued("Hola.")
    queued("**Bien**.")  # is read without its marks
    queued("¿Y tú?")
    assert [(each.text, each.runs_on) for each in said_with(first)] == [
        ("Hola.", True),
        ("Bien.", False),
    ]


def test_by_default_each_is_said_on_its_own() -> None:
    first = queued("Hola.")
    queued("Bien.")
    assert [(each.text, each.runs_on) for each in said_with(first)] == [("Hola.", False)]


@pytest.mark.parametrize(
    "other",
    [
        {"device_id": "d_2"},
        {"priority": "high"},
        {"lang": "en"},
        {"voice": "other"},
        {"mood": "happy", "intensity": 1.0},
        {"ttl_seconds": 1.0, "published_at": timezone.now() - timedelta(seconds=9)},
        {"text": "animation: happy"},
    ],
)
def test_one_that_is_said_otherwise_or_not_at_all_ends_it(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    monkeypatch.setenv("TTS_BREATH_CHARACTERS", "100")
    first = queued("Hola.", lang="es")
    queued(**{"text": "Bien.", "lang": "es"} | other)
    queued("¿Y tú?", lang="es")
    assert [each.text for each in said_with(first)] == ["Hola."]


def test_a_long_one_is_not_held_together_with_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_BREATH_CHARACTERS", "10")
    first = queued("Había una vez un robot.")
    queued("Fin.")
    assert [each.runs_on for each in said_with(first)] == [False]
