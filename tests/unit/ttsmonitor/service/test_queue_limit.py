"""TTS_QUEUE_LIMIT bounds the queue, except during a burst."""

from __future__ import annotations

import pytest

from tests.support.fakes import FakeOutput
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.service import queue_limit as module
from ttsmonitor.service.service import SpeechService
from ttsmonitor.speaking import recorder

pytestmark = pytest.mark.django_db
Status = Utterance.Status


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> SpeechService:
    """Return an unstarted service with five waiting sentences and a limit of two."""
    monkeypatch.setenv("TTS_QUEUE_LIMIT", "2")
    for number in range(5):
        utterance(f"{number}", status=Status.QUEUED, seconds_ago=10 - number)
    return SpeechService()


def waiting() -> list[str]:
    return [row.text for row in Utterance.objects.waiting()]


def have_a_burst(service: SpeechService) -> None:
    for _ in range(recorder.MANY):
        service._recorder.state_changed()


def test_oldest_utterances_beyond_the_limit_are_skipped(service: SpeechService) -> None:
    service._limit.enforce(5)
    assert waiting() == ["3", "4"]


def test_limit_is_not_enforced_during_a_burst(service: SpeechService) -> None:
    have_a_burst(service)
    service._limit.enforce(5)
    assert len(waiting()) == 5


def test_limit_is_enforced_in_an_endless_burst(
    service: SpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG", 2)
    have_a_burst(service)
    service._limit.enforce(5)
    assert waiting() == ["3", "4"]


def test_stale_utterances_expire_without_a_sound_device(
    service: SpeechService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTS_TTL", "8")
    service._limit._output = FakeOutput()
    service._limit.expire_unheard()
    assert len(waiting()) == 5, "the speaker sees to it"
    service._limit._output = FakeOutput(error="unplugged")
    service._limit.expire_unheard()
    assert waiting() == ["3", "4"]
