"""The current and waiting sentences during an outage of the sound device."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fakes import RATE
from tests.support.tools import wait_until
from tests.unit.ttsmonitor.speaking import test_speaker
from tests.unit.ttsmonitor.speaking.test_speaker import (
    Stage,
    queued,
    status,
    wait_for,
)
from ttsmirror.models import Utterance
from ttsmonitor.exceptions import AudioError
from ttsmonitor.speaking.performance import Outcome

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status
stage = test_speaker.stage


@pytest.fixture
def away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Utterance:
    """Speak one second and unplug the device halfway; the parameter is its TTL."""
    monkeypatch.setattr("ttsmonitor.audio.playback.RETRY_SECONDS", 0.01)
    monkeypatch.setattr("ttsmonitor.speaking.speaker.RETRY_SECONDS", 0.01)

    def living(act: Callable[..., Any]) -> Callable[..., Any]:
        def acts(*args: Any) -> Any:
            if stage.output.broken or len(stage.output.pcm) == 2 * round(0.5 * RATE) // 4 * 4:
                stage.output.broken, stage.output.error = True, "unplugged"
                raise AudioError("unplugged")
            return act(*args)

        return acts

    for name in ("begin", "wait_for_room"):
        monkeypatch.setattr(stage.output, name, living(getattr(stage.output, name)))
    stage.synthesizer.blocks = 50
    utterance = queued("larga", ttl_seconds=getattr(request, "param", None))
    stage.speaker.wake()
    wait_until(lambda: stage.speaker.performance and stage.speaker.performance.playback.is_away)
    return utterance


def plug_in(stage: Stage) -> None:
    stage.output.pcm += b"\0\0"  # beyond the break
    stage.output.broken, stage.output.error = False, ""


def test_current_sentence_is_finished_when_device_returns(stage: Stage, away: Utterance) -> None:
    following = queued("luego")
    stage.speaker.wake()
    assert stage.speaker.state == "synthesizing", "it is not to be heard"
    assert (status(away), status(following)) == (Status.PLAYING, Status.QUEUED)
    plug_in(stage)
    wait_for(away, Status.SPOKEN)
    wait_for(following, Status.SPOKEN)
    assert away.audio_seconds == pytest.approx(1.0)
    assert [event for event, text in stage.events() if text == "larga"] == ["playing", "spoken"]


def test_current_sentence_can_be_skipped_during_outage(stage: Stage, away: Utterance) -> None:
    following = queued("luego")
    stage.speaker.cancel_current(Outcome(Status.SKIPPED, "skipped"))
    wait_for(away, Status.SKIPPED)
    assert status(following) == Status.QUEUED
    plug_in(stage)
    wait_for(following, Status.SPOKEN)


def test_stop_during_outage_does_not_wait(stage: Stage, away: Utterance) -> None:
    start = time.monotonic()
    stage.speaker.finish(drain_seconds=30)
    assert time.monotonic() - start < 2
    wait_for(away, Status.INTERRUPTED)
    assert away.error == "the service was stopped"


@pytest.mark.parametrize("away", [1.0], indirect=True)
def test_current_sentence_fails_after_a_long_outage(
    stage: Stage, away: Utterance, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(away, Status.FAILED)
    assert away.error == "unplugged"


def test_waiting_sentence_expires_during_outage(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.speaking.speaker.RETRY_SECONDS", 0.01)
    stage.output.broken = True
    late, fresh = queued("tarde", ttl_seconds=0.0), queued("luego")
    stage.speaker.wake()
    wait_for(late, Status.EXPIRED)
    assert status(fresh) == Status.QUEUED


def test_stop_does_not_wait_for_device_lost_meanwhile(stage: Stage, away: Utterance) -> None:
    plug_in(stage)
    stage.output.gate.clear()
    wait_until(lambda: stage.speaker.state == "playing")
    stopping = threading.Thread(target=stage.speaker.finish, args=(60,))
    stopping.start()
    stage.output.broken, stage.output.error = True, "unplugged"
    stage.output.gate.set()
    stopping.join(10)
    assert not stopping.is_alive()
    wait_for(away, Status.INTERRUPTED)
