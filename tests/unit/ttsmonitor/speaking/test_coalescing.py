"""What is said in one breath, and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.support.tools import wait_until
from tests.unit.ttsmonitor.speaking import test_speaker
from tests.unit.ttsmonitor.speaking.test_speaker import Stage, queued, wait_for
from ttsmirror.models import Utterance
from ttsmonitor.speaking.coalescing import breath_of
from ttsmonitor.speaking.voice_choice import request_for
from ttsmonitor.synthesis.base import SpeechRequest

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status
stage = test_speaker.stage


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


def test_in_one_breath_each_is_asked_for_before_its_turn_and_has_its_own_row(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_BREATH_CHARACTERS", "20")
    stage.speaker.pause()
    said = [queued(text) for text in ("Hola.", "Bien.", "Y una que es más larga.")]
    stage.speaker.resume()
    wait_for(said[-1], Status.SPOKEN)
    asked, following = stage.synthesizer.requests, stage.synthesizer.following
    assert [request.runs_on for request in asked] == [True, False, False]
    assert following == [asked[1], None, None]
    for utterance in said:
        wait_for(utterance, Status.SPOKEN)
        assert utterance.audio_seconds == pytest.approx(0.06)


def test_of_one_breath_one_can_be_skipped_and_a_more_urgent_one_goes_before_the_rest(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_BREATH_CHARACTERS", "20")
    stage.output.gate.clear()
    stage.speaker.pause()
    first, second = queued("Hola."), queued("Bien.")
    stage.speaker.resume()
    wait_until(lambda: "write" in stage.output.events)
    urgent = queued("¡Para!", priority="high")
    stage.speaker.end_current(Status.SKIPPED, "enough", only=first.pk)
    stage.output.gate.set()
    wait_for(second, Status.SPOKEN)
    wait_for(first, Status.SKIPPED)
    wait_for(urgent, Status.SPOKEN)
    assert [request.text for request in stage.synthesizer.requests] == ["Hola.", "¡Para!", "Bien."]
