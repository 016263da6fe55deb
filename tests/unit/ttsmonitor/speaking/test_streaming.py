"""Utterances that are spoken while they are generated."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from tests.support import intake
from tests.support.tools import wait_until
from tests.unit.ttsmonitor.speaking import test_speaker
from tests.unit.ttsmonitor.speaking.test_speaker import Stage
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.models import Utterance
from ttsmirror.wire.messages import Chunk, parse_chunk
from ttsmonitor.intake.inbox import Stored
from ttsmonitor.speaking import streaming
from ttsmonitor.speaking.performance import Outcome

pytestmark = pytest.mark.django_db(transaction=True)
Status = Utterance.Status
ID = uuid.UUID("1b4e28ba-2fa1-11d2-883f-0016d3cca427")
PARTS = ("Había una vez. ", "Un dragón. ", "Fin.")
stage = test_speaker.stage


def message(number: int, *, more: bool = True) -> dict[str, Any]:
    total = number + 1 if more else number
    return {"id": str(ID), "text": PARTS[number - 1], "chunk": number, "total_chunks": total} | (
        {"more": True} if more else {}
    )


def payload(number: int, *, more: bool = True) -> bytes:
    return json.dumps(message(number, more=more)).encode()


def store(number: int, *, more: bool = True, interrupted: bool = False) -> Stored:
    return intake.store(payload(number, more=more), interrupted=interrupted)


def utterance() -> Utterance:
    return Utterance.objects.get(pk=ID)


def test_open_chunk_announces_more_until_the_total() -> None:
    whole = Chunk(utterance_id=ID, text="".join(PARTS), parts=PARTS, source="chat")
    begun = Chunk(utterance_id=ID, text=PARTS[0], parts=PARTS[:1], source="chat", is_open=True)

    (first,) = begun.split()
    fields = json.loads(first.to_payload())
    assert (fields["chunk"], fields["total_chunks"], fields["more"]) == (1, 2, True)
    payloads = [json.loads(chunk.to_payload()) for chunk in whole.split()]
    assert [each["text"] for each in payloads] == list(PARTS)
    assert {each["total_chunks"] for each in payloads} == {3}
    assert not any("more" in each for each in payloads)
    assert parse_chunk(first.to_payload()).is_open


def test_streamed_utterance_is_ready_from_first_chunk() -> None:
    first, second, last = store(1), store(2), store(3, more=False)

    assert [each.became_ready for each in (first, second, last)] == [True, True, True]
    assert [each.is_complete for each in (first, second, last)] == [False, False, True]
    now = utterance()
    assert (now.text, now.total_chunks) == ("".join(PARTS), 3)
    assert (now.status, now.error) == (Status.QUEUED, "")


def test_reordered_and_repeated_stream_chunks_join_correctly() -> None:
    assert not store(2).became_ready, "its beginning is missing"
    store(2)
    assert utterance().beginning() == ("", False)
    store(3, more=False)
    done = store(1)
    assert done.is_complete and done.became_ready
    again = store(3, more=False)
    assert again.is_complete and not again.became_ready
    assert utterance().beginning() == ("".join(PARTS), True)


def test_whole_utterance_may_follow_its_chunks() -> None:
    """After a restart the hive republishes the whole utterance from its outbox."""
    store(1)
    store(2)
    whole = Chunk(utterance_id=ID, text=PARTS[0] + PARTS[1], parts=PARTS[:2])
    results = [intake.store(chunk.to_payload()) for chunk in whole.split()]
    assert [each.is_complete for each in results] == [True, True]
    assert utterance().text == PARTS[0] + PARTS[1]


def test_chunk_after_the_end_is_refused() -> None:
    store(1)
    store(2, more=False)
    with pytest.raises(InvalidMessageError, match="follows the end"):
        store(3)


def test_interrupted_stream_is_stored_and_stays_interrupted() -> None:
    store(1)
    Utterance.objects.update(status=Status.INTERRUPTED, error="interrupted before its turn")
    done = store(2, more=False)
    assert done.is_complete and not done.became_ready
    assert (utterance().status, utterance().error) == (
        Status.INTERRUPTED,
        "interrupted before its turn",
    )


def test_chunk_behind_an_interrupt_is_not_spoken() -> None:
    result = store(1, interrupted=True)
    assert result.is_settled and not result.became_ready


def spoken(stage: Stage) -> list[str]:
    return [request.text for request in stage.synthesizer.requests]


def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return an event that is set when the speaker waits for the rest."""
    event, wait = threading.Event(), streaming.pieces_as_they_come

    def pieces_of(utterance: Utterance, wait_for_more: Callable[[], None], *others: Any) -> Any:
        def noted() -> None:
            event.set()
            wait_for_more()

        return wait(utterance, noted, *others)

    monkeypatch.setattr(streaming, "pieces_as_they_come", pieces_of)
    return event


def test_beginning_is_spoken_before_the_rest_arrives(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = waiting(monkeypatch)
    store(1)
    stage.speaker.wake()
    wait_until(lambda: stage.output.pcm, "the first sound")
    assert spoken(stage) == ["Había una vez."]
    assert waits.wait(10)

    # Together, or the speaker may take the second chunk before the third is there.
    intake.store_together([payload(2), payload(3, more=False)])
    stage.speaker.wake()
    wait_until(lambda: utterance().status == Status.SPOKEN, "the end")
    assert spoken(stage) == ["Había una vez.", "Un dragón. Fin."]
    assert [name for name in stage.output.events if name != "write"] == ["begin", "drain", "end"]
    assert (utterance().text, utterance().error) == ("".join(PARTS), "")


@pytest.mark.parametrize("stop", ["interrupt", "stop"])
def test_waiting_for_chunks_ends_at_once_on_stop(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, stop: str
) -> None:
    waits = waiting(monkeypatch)
    store(1)
    stage.speaker.wake()
    assert waits.wait(10)
    if stop == "stop":
        stage.speaker.finish(drain_seconds=10)
        assert not stage.speaker.is_alive
    else:
        stage.speaker.cancel_current(Outcome(Status.INTERRUPTED, "enough"))
    wait_until(lambda: utterance().status == Status.INTERRUPTED, "the interruption")
    assert spoken(stage) == ["Había una vez."]


def test_missing_rest_is_given_up_and_next_spoken(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "WAIT_SECONDS", 0.0)
    monkeypatch.setattr("ttsmonitor.speaking.speaker.IDLE_SECONDS", 0.01)
    store(1)
    now = timezone.now()
    following = Utterance.objects.create(
        text="Otra cosa.", source="chat", published_at=now, received_at=now, status=Status.QUEUED
    )
    stage.speaker.wake()
    test_speaker.wait_for(following, Status.SPOKEN)
    assert (utterance().status, utterance().error) == (Status.SPOKEN, streaming.GAVE_UP)
    assert utterance().reason == streaming.GAVE_UP.as_json()
    assert spoken(stage) == ["Había una vez.", "Otra cosa."]


def test_rest_is_given_up_sooner_without_the_hive(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ORPHAN_SECONDS", 0.0)
    monkeypatch.setattr("ttsmonitor.speaking.speaker.IDLE_SECONDS", 0.01)
    waits = waiting(monkeypatch)
    store(1)
    stage.speaker.wake()
    assert waits.wait(10)
    stage.speaker.patience.note_hive_offline()
    wait_until(lambda: utterance().status == Status.SPOKEN, "the end")
    assert utterance().error == streaming.GAVE_UP


def test_stream_after_hive_returned_has_normal_patience(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "ORPHAN_SECONDS", 0.0)
    stage.speaker.patience.note_hive_offline()
    store(1)
    begun = utterance()
    assert not stage.speaker.patience.is_over(begun, time.monotonic() - 1)
    assert stage.speaker.patience.is_over(begun, time.monotonic() - streaming.WAIT_SECONDS - 1)
