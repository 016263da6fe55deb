"""Synthesis that starts before the utterance is stored."""

from __future__ import annotations

import uuid

import pytest

from tests.support.tools import wait_until
from tests.unit.ttsmonitor.speaking import test_speaker
from tests.unit.ttsmonitor.speaking.test_speaker import Stage, queued, wait_for
from ttsmirror.models import Utterance
from ttsmonitor.models import VoiceSetting

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status
stage = test_speaker.stage


@pytest.fixture
def warm(transactional_db: None) -> None:
    """Create a voice setting before the speaker starts."""
    VoiceSetting.objects.create(source="chat", voice="warm", speed=1.2)


def test_idle_speaker_prefetches_before_utterance_is_stored(warm: None, stage: Stage) -> None:
    wait_until(lambda: stage.speaker.voices.settings)
    coming = Utterance(
        id=uuid.uuid4(),
        text="Hola **amigo**",
        source="chat",
        lang="es",
        mood="happy",
        intensity=0.7,
    )
    stage.speaker.prefetch(coming)
    said = queued(coming.text, lang="es", mood="happy", intensity=0.7)
    stage.speaker.wake()
    wait_for(said, Status.SPOKEN)
    assert stage.synthesizer.prefetched == stage.synthesizer.requests


def test_changed_voice_setting_invalidates_the_prefetch(stage: Stage) -> None:
    stage.speaker.prefetch(Utterance(text="Hola.", source="chat"))
    VoiceSetting.objects.create(source="chat", speed=1.2)
    said = queued("Hola.")
    stage.speaker.wake()
    wait_for(said, Status.SPOKEN)
    assert [each.speed for each in stage.synthesizer.prefetched] == [1.0]
    assert [each.speed for each in stage.synthesizer.requests] == [1.2]


def test_no_prefetch_while_busy_paused_or_without_words(stage: Stage) -> None:
    stage.speaker.prefetch(Utterance(text="animation: happy", source="chat"))
    stage.output.gate.clear()
    said = queued("Hola.")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    stage.speaker.prefetch(Utterance(text="Bien.", source="chat"))
    stage.output.gate.set()
    wait_for(said, Status.SPOKEN)
    stage.speaker.pause()
    stage.speaker.prefetch(Utterance(text="Bien.", source="chat"))
    assert stage.synthesizer.prefetched == []
