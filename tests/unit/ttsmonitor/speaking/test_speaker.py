"""The speaker: order, outcomes, and stopping at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.support.fakes import FakeOutput, FakeSynthesizer
from tests.support.tools import wait_until
from ttsmirror.models import Utterance
from ttsmonitor.audio.base import NO_AUDIENCE
from ttsmonitor.exceptions import AudioError
from ttsmonitor.models import VoiceSetting
from ttsmonitor.speaking.performance import Outcome
from ttsmonitor.speaking.recorder import Change, Recorder
from ttsmonitor.speaking.speaker import Speaker

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status


@dataclass
class Stage:
    """A speaker with fakes around it."""

    speaker: Speaker
    synthesizer: FakeSynthesizer
    output: FakeOutput
    told: list[Change]

    def events(self) -> list[tuple[str, str]]:
        return [
            (change.event, change.utterance["text"]) for change in self.told if change.utterance
        ]


@pytest.fixture
def stage() -> Iterator[Stage]:
    told: list[Change] = []
    synthesizer, output, journal = FakeSynthesizer(), FakeOutput(), Recorder(told.extend)
    speaker = Speaker(synthesizer, output, journal)  # type: ignore[arg-type]
    journal.start()
    speaker.start()
    yield Stage(speaker, synthesizer, output, told)
    output.gate.set()
    speaker.finish(drain_seconds=5)
    journal.stop()


def queued(text: str, **fields: Any) -> Utterance:
    now = timezone.now()
    fields = {"published_at": now, "received_at": now, "status": Status.QUEUED} | fields
    return Utterance.objects.create(id=uuid.uuid4(), text=text, source="chat", **fields)


def status(utterance: Utterance) -> str:
    utterance.refresh_from_db()
    return utterance.status


def wait_for(utterance: Utterance, wanted: Status) -> None:
    wait_until(lambda: status(utterance) == wanted, f"{wanted}, not {utterance.status}")


def test_unexpected_output_error_leaves_no_utterance_playing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> float:
        raise OSError("the stream is gone")

    monkeypatch.setattr(stage.output, "flush", fail)
    stage.output.gate.clear()
    utterance, following = queued("Uno"), queued("Dos")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    stage.speaker.cancel_current(Outcome(Status.INTERRUPTED, "enough"))
    stage.output.gate.set()
    wait_for(utterance, Status.INTERRUPTED)
    wait_for(following, Status.SPOKEN)


def test_idle_speaker_starts_process_and_prepares_voices(
    stage: Stage,
) -> None:
    wait_until(lambda: stage.synthesizer.starts)
    VoiceSetting.objects.create(voice="new-voice")
    stage.speaker._maintenance_due = 0.0
    wait_until(lambda: stage.synthesizer.prepared)
    assert stage.synthesizer.prepared[0].voice == "new-voice"


def test_utterance_without_audience_is_not_called_spoken(stage: Stage) -> None:
    stage.output.has_audience = False
    unheard = queued("Hola")
    stage.speaker.wake()
    wait_for(unheard, Status.SKIPPED)
    assert unheard.error == NO_AUDIENCE
    stage.output.has_audience = True
    heard = queued("Otra vez")
    stage.speaker.wake()
    wait_for(heard, Status.SPOKEN)


def test_utterance_is_spoken_and_measured(stage: Stage) -> None:
    utterance, stage.synthesizer.remark = queued("Hola **amigo**", lang="en"), "y speaks instead"
    stage.speaker.wake()
    wait_for(utterance, Status.SPOKEN)
    assert stage.synthesizer.requests[0].text == "Hola amigo"
    assert stage.synthesizer.requests[0].lang == "en"
    assert utterance.engine == "fake"
    assert utterance.audio_seconds == pytest.approx(0.06)
    assert utterance.first_audio_ms is not None and utterance.first_audio_ms > 0
    assert utterance.started_at is not None and utterance.finished_at is not None
    assert utterance.started_at <= utterance.finished_at and utterance.error == "y speaks instead"
    assert stage.output.events[0] == "begin" and stage.output.events[-1] == "end"


def test_order_is_kept_and_high_priority_is_first(stage: Stage) -> None:
    stage.speaker.pause()
    for text in ("uno", "dos"):
        queued(text)
    last = queued("ya", priority="high")
    stage.speaker.resume()
    wait_for(last, Status.SPOKEN)
    wait_until(lambda: Utterance.objects.spoken().count() == 3)
    assert [request.text for request in stage.synthesizer.requests] == ["ya", "uno", "dos"]


def test_expired_utterance_is_not_spoken(stage: Stage) -> None:
    old = timezone.now() - timedelta(seconds=121)
    default, own = queued("viejo", published_at=old), queued("corto", ttl_seconds=0.0)
    fresh = queued("viejo pero paciente", published_at=old, ttl_seconds=500.0)
    stage.speaker.wake()
    wait_for(fresh, Status.SPOKEN)
    wait_for(default, Status.EXPIRED)
    wait_for(own, Status.EXPIRED)
    assert [request.text for request in stage.synthesizer.requests] == ["viejo pero paciente"]
    assert "too old" in default.error


def test_utterance_without_words_is_skipped_silently(stage: Stage) -> None:
    utterance = queued("animation: happy")
    stage.speaker.wake()
    wait_for(utterance, Status.SKIPPED)
    assert stage.output.events == []


def test_failing_voice_costs_one_utterance(stage: Stage) -> None:
    stage.synthesizer.error = "the voice broke"
    broken = queued("uno")
    stage.speaker.wake()
    wait_for(broken, Status.FAILED)
    stage.synthesizer.error = ""
    whole = queued("dos")
    stage.speaker.wake()
    wait_for(whole, Status.SPOKEN)
    assert broken.error == "the voice broke"


def test_interruption_ends_utterance_between_two_slices(stage: Stage) -> None:
    stage.output.gate.clear()
    utterance = queued("larga", device_id="d_1")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    assert not stage.speaker.cancel_current(Outcome(Status.INTERRUPTED, "no"), device_id="d_2")
    assert stage.speaker.cancel_current(Outcome(Status.INTERRUPTED, "interrupted"), device_id="d_1")
    stage.output.gate.set()
    wait_for(utterance, Status.INTERRUPTED)
    assert stage.output.events == ["begin", "write", "flush", "end"]
    assert stage.synthesizer.cancelled >= 1


def test_resume_continues_at_the_paused_position(stage: Stage) -> None:
    stage.output.gate.clear()
    utterance = queued("larga")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    stage.speaker.pause()
    stage.output.gate.set()
    wait_until(lambda: "flush" in stage.output.events, "the sound to be held")
    assert stage.speaker.state == "paused"
    assert 0 < len(stage.output.pcm) < 3 * 882
    stage.speaker.resume()
    wait_for(utterance, Status.SPOKEN)
    assert len(stage.output.pcm) == 3 * 882


def test_samples_unheard_at_pause_are_played_on_resume(stage: Stage) -> None:
    stage.output.gate.clear()
    stage.output.unheard_seconds = 0.01
    utterance = queued("larga")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    stage.speaker.pause()
    stage.output.gate.set()
    wait_until(lambda: "flush" in stage.output.events)
    stage.speaker.resume()
    wait_for(utterance, Status.SPOKEN)
    assert len(stage.output.pcm) == 3 * 882, "nothing lost, nothing twice"
    assert utterance.audio_seconds == pytest.approx(0.06)


def test_volume_and_mute_change_the_samples(stage: Stage) -> None:
    stage.speaker.controls.volume = 3.0
    utterance = queued("fuerte")
    stage.speaker.wake()
    wait_for(utterance, Status.SPOKEN)
    assert set(stage.output.pcm[::2]) == {3}
    stage.output.pcm = b""
    stage.speaker.controls.is_muted = True
    utterance = queued("mudo")
    stage.speaker.wake()
    wait_for(utterance, Status.SPOKEN)
    assert set(stage.output.pcm) == {0}


def test_queue_waits_until_the_device_returns(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttsmonitor.speaking.speaker.RETRY_SECONDS", 0.01)
    stage.output.broken = True
    utterance = queued("luego")
    stage.speaker.wake()
    wait_until(lambda: any(change.utterance is None for change in stage.told))
    assert status(utterance) == Status.QUEUED
    stage.output.broken = False
    wait_for(utterance, Status.SPOKEN)


def fail_to_begin(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the device refuse to begin. Return the ids of the refused utterances."""
    asked: list[str] = []

    def begin(utterance_id: str, sample_rate: int) -> None:
        asked.append(utterance_id)
        stage.output.error = "it cannot play"
        raise AudioError("it cannot play")

    monkeypatch.setattr(stage.output, "begin", begin)
    return asked


def test_claimed_but_unplayed_utterance_returns_to_queue(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stick(*args: object) -> bool:
        if stage.output.events.count("write") < 3:
            return True
        monkeypatch.undo()
        stage.output.error = "stuck"
        raise AudioError("stuck")

    monkeypatch.setattr(stage.output, "wait_for_room", stick)
    utterance = queued("uno")
    stage.speaker.wake()
    wait_for(utterance, Status.SPOKEN)
    assert utterance.started_at is not None and utterance.audio_seconds == pytest.approx(0.06)
    assert [each.event for each in stage.told if each.utterance][:2] == ["playing", "queued"]


def test_utterance_refused_twice_by_device_fails(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fail_to_begin(stage, monkeypatch)
    utterance = queued("uno")
    stage.speaker.wake()
    wait_for(utterance, Status.FAILED)
    assert utterance.error == "it cannot play"
    assert asked == [str(utterance.pk)] * 2


def test_utterance_cancelled_during_device_loss_ends_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fail_to_begin(stage, monkeypatch)

    def flush() -> float:
        stage.speaker.cancel_current(Outcome(Status.INTERRUPTED, "enough"))
        return 0.0

    monkeypatch.setattr(stage.output, "flush", flush)
    utterance = queued("uno")
    stage.speaker.wake()
    wait_for(utterance, Status.INTERRUPTED)
    assert (utterance.error, len(asked)) == ("enough", 1)


def test_stop_finishes_the_sentence_and_starts_no_other(stage: Stage) -> None:
    stage.output.gate.clear()
    first, second = queued("primera"), queued("segunda")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    stage.output.gate.set()
    stage.speaker.finish(drain_seconds=10)
    wait_for(first, Status.SPOKEN)
    assert status(second) == Status.QUEUED


def test_stop_cuts_sentence_after_the_drain_time(stage: Stage) -> None:
    stage.synthesizer.blocks = 10_000
    utterance = queued("eterna")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    stage.output.gate.clear()
    stopping = threading.Thread(target=stage.speaker.finish, args=(0.05,))
    stopping.start()
    wait_until(lambda: stage.synthesizer.cancelled > 0)
    stage.output.gate.set()
    stopping.join(10)
    wait_for(utterance, Status.INTERRUPTED)
    assert utterance.error == "the service was stopped"


def test_events_are_reported_in_order(stage: Stage) -> None:
    for text in ("uno", "dos"):
        queued(text)
    stage.speaker.wake()
    wait_until(lambda: len(stage.events()) == 4)
    assert stage.events() == [
        ("playing", "uno"),
        ("spoken", "uno"),
        ("playing", "dos"),
        ("spoken", "dos"),
    ]


def test_output_failure_during_cancel_leaves_speaker_idle(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise AudioError("no space left")

    monkeypatch.setattr(stage.output, "end", broken)
    stage.output.gate.clear()
    utterance = queued("larga")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    stage.speaker.cancel_current(Outcome(Status.INTERRUPTED, "interrupted"))
    stage.output.gate.set()
    wait_for(utterance, Status.INTERRUPTED)
    assert stage.speaker.performance is None and stage.speaker.state == "idle"


def test_recorder_survives_an_unwritable_change(stage: Stage) -> None:
    broken = queued("rota")
    journal = stage.speaker._recorder
    journal.record(broken, "stored", no_such_column=1)
    utterance = queued("sana")
    stage.speaker.wake()
    wait_for(utterance, Status.SPOKEN)
    assert journal.is_alive


def test_device_is_woken_while_the_voice_still_works(stage: Stage) -> None:
    stage.synthesizer.blocks = 0
    stage.synthesizer.error = "the voice broke before its first sound"
    utterance = queued("uno")
    stage.speaker.wake()
    wait_for(utterance, Status.FAILED)
    assert stage.output.woken == 1
    assert "begin" not in stage.output.events


def test_test_tone_is_played_after_the_sentence(stage: Stage) -> None:
    stage.output.gate.clear()
    utterance = queued("Uno")
    stage.speaker.wake()
    wait_until(lambda: "write" in stage.output.events)
    tone = stage.speaker.play_test_tone()
    assert not tone.done()
    before = len(stage.output.pcm)
    stage.output.gate.set()
    assert tone.result(10) == ""
    wait_until(lambda: status(utterance) == Status.SPOKEN)
    assert len(stage.output.pcm) - before > 2 * 22_050


@pytest.mark.parametrize(
    ("hinder", "reason"),
    [
        (lambda speaker: speaker.pause(), "speech is paused"),
        (lambda speaker: setattr(speaker.controls, "is_muted", True), "muted"),
        (lambda speaker: setattr(speaker.controls, "volume", 0.0), "volume is 0"),
    ],
)
def test_test_tone_that_nobody_hears_says_why(stage: Stage, hinder: Any, reason: str) -> None:
    hinder(stage.speaker)
    assert reason in stage.speaker.play_test_tone().result(10)


def test_test_tone_without_a_device_says_why(stage: Stage) -> None:
    stage.output.broken = True
    assert stage.speaker.play_test_tone().result(10) == "no device"


def test_chosen_voice_is_told_at_once(stage: Stage) -> None:
    wait_until(lambda: stage.speaker.voices.next_voice)
    assert stage.speaker.voices.next_voice == "espeak es"
    stage.told.clear()
    VoiceSetting.objects.create(lang="es", voice="espeak", speed=0.8)
    stage.speaker.voices.next_voice = "piper es_MX-claude-high"
    stage.speaker.maintain_soon()
    wait_until(lambda: stage.speaker.voices.next_voice == "espeak es")
    wait_until(lambda: stage.told, "the changed state")


def test_missing_chosen_voice_is_told(stage: Stage) -> None:
    wait_until(lambda: stage.speaker.voices.next_voice)
    stage.told.clear()
    chosen = VoiceSetting.objects.create(lang="es", voice="es_MX-claude-high")
    stage.speaker.maintain_soon()
    wait_until(lambda: stage.speaker.voices.is_voice_missing)
    wait_until(lambda: stage.told, "the changed state")
    chosen.delete()
    stage.speaker.maintain_soon()
    wait_until(lambda: not stage.speaker.voices.is_voice_missing)
