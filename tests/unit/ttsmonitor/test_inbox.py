"""What arrives is stored once, joined, and kept when it is unreadable."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from ttsmonitor import inbox
from ttsmonitor.exceptions import InvalidMessageError
from ttsmonitor.messages import Chunk, parse_chunk
from ttsmonitor.models import QuarantinedMessage, Utterance

pytestmark = pytest.mark.django_db
Status = Utterance.Status


def chunks(text: str = "Uno. " * 100 + "Dos. " * 100 + "Tres.", **fields: object) -> list[Chunk]:
    return Chunk(utterance_id=uuid.uuid4(), text=text, **fields).split()  # type: ignore[arg-type]


def test_a_single_message_is_queued() -> None:
    (chunk,) = chunks("Hola", source="chat", device_id="d_1", mood="happy", intensity=0.3)
    stored = inbox.store(chunk)
    row = Utterance.objects.get()
    assert stored.became_ready and stored.is_complete
    assert (row.pk, row.text, row.status) == (chunk.utterance_id, "Hola", Status.QUEUED)
    assert (row.source, row.device_id, row.mood, row.intensity) == ("chat", "d_1", "happy", 0.3)


def test_a_repeated_message_changes_nothing() -> None:
    (chunk,) = chunks("Hola")
    inbox.store(chunk)
    Utterance.objects.all().move(Status.QUEUED, Status.SPOKEN)
    again = inbox.store(chunk)
    assert again.is_complete and not again.became_ready
    assert Utterance.objects.get().status == Status.SPOKEN


def test_chunks_in_any_order_and_repeated_join_to_the_same_text() -> None:
    parts = chunks()
    assert len(parts) == 3
    results = [inbox.store(parts[number]) for number in (2, 0, 2, 1, 1, 0)]
    row = Utterance.objects.get()
    assert row.text == "".join(part.text for part in parts)
    assert [result.became_ready for result in results] == [False, False, False, True, False, False]
    assert row.status == Status.QUEUED


def test_chunks_of_two_robots_are_never_mixed() -> None:
    first, second = chunks(device_id="d_1"), chunks("Otra. " * 150, device_id="d_2")
    for one, other in zip(first, second, strict=False):
        inbox.store(one)
        inbox.store(other)
    for number in range(min(len(first), len(second)), len(first)):
        inbox.store(first[number])
    assert Utterance.objects.get(device_id="d_1").text == "".join(part.text for part in first)
    assert "Uno" not in Utterance.objects.get(device_id="d_2").text


def test_contradicting_totals_are_refused() -> None:
    first, second, _third = chunks()
    inbox.store(first)
    with pytest.raises(InvalidMessageError, match="total_chunks is 9"):
        inbox.store(replace(second, total_chunks=9))


def test_an_utterance_over_the_limit_is_refused() -> None:
    total, uid = 60, uuid.uuid4()
    for number in range(1, 51):
        inbox.store(Chunk(utterance_id=uid, text="x" * 400, chunk=number, total_chunks=total))
    with pytest.raises(InvalidMessageError, match="over 20000 characters"):
        inbox.store(Chunk(utterance_id=uid, text="x" * 400, chunk=51, total_chunks=total))


def test_a_missing_chunk_is_given_up_and_marked() -> None:
    first, _second, third = chunks()
    inbox.store(first)
    inbox.store(third)
    assert inbox.give_up_waiting(5) == []
    Utterance.objects.update(received_at=timezone.now() - timedelta(seconds=6))
    (row,) = inbox.give_up_waiting(5)
    assert row.status == Status.QUEUED
    assert row.error == "chunk 2 of 3 did not come"
    assert row.text == f"{first.text.strip()} … {third.text}"


def test_a_chunk_that_comes_too_late_is_kept_and_marked() -> None:
    first, second, third = chunks()
    inbox.store(first)
    inbox.store(third)
    Utterance.objects.update(received_at=timezone.now() - timedelta(seconds=6))
    inbox.give_up_waiting(5)
    stored = inbox.store(second)
    row = Utterance.objects.get()
    assert stored.is_complete and not stored.became_ready
    assert row.text == first.text + second.text + third.text
    assert "too late" in row.error


def test_a_retained_message_is_stored_and_not_spoken() -> None:
    (chunk,) = chunks("Hola")
    assert not inbox.store(chunk, retained=True).became_ready
    row = Utterance.objects.get()
    assert (row.status, row.error) == (
        Status.SKIPPED,
        "retained by the broker: stored, not spoken",
    )


def test_an_unfinished_utterance_holds_back_only_its_own_robot() -> None:
    inbox.store(chunks(device_id="d_1")[0])
    inbox.store(chunks("Luego", device_id="d_1")[0])
    inbox.store(chunks("Otro robot", device_id="d_2")[0])
    assert [row.text for row in Utterance.objects.speakable_now()] == ["Otro robot"]


def test_high_priority_goes_first_then_the_order_of_arrival() -> None:
    for text, priority in (("uno", "normal"), ("dos", "normal"), ("ya", "high")):
        inbox.store(chunks(text, priority=priority)[0])
    assert [row.text for row in Utterance.objects.waiting()] == ["ya", "uno", "dos"]


def test_quarantine_keeps_the_bytes_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_QUARANTINED", 3)
    for number in range(5):
        inbox.quarantine("moxie/tts/text\0", bytes([255, number]), "not UTF-8")
    kept = list(QuarantinedMessage.objects.order_by("pk"))
    assert [bytes(row.payload) for row in kept] == [b"\xff\2", b"\xff\3", b"\xff\4"]


def test_after_a_crash_what_was_playing_is_interrupted() -> None:
    for text in ("uno", "dos"):
        inbox.store(chunks(text)[0])
    Utterance.objects.filter(text="uno").move(Status.QUEUED, Status.PLAYING)
    (row,) = inbox.recover()
    assert (row.text, row.status) == ("uno", Status.INTERRUPTED)
    assert Utterance.objects.get(text="dos").status == Status.QUEUED


def test_a_message_without_an_id_that_comes_again_is_one_utterance() -> None:
    def arrives(text: str, **how: bool) -> None:
        inbox.store(parse_chunk(text.encode()), **how)

    arrives("Hola")
    arrives("Hola", repeated=True)
    assert Utterance.objects.count() == 1
    arrives("Hola")
    assert Utterance.objects.count() == 2, "said twice is said twice"
    for _ in range(3):
        arrives("Vieja", retained=True)
    assert Utterance.objects.filter(text="Vieja").count() == 1


def test_what_an_interrupt_overtook_is_kept_and_not_spoken() -> None:
    stored = inbox.store(chunks("Hola")[0], interrupted=True)
    assert not stored.became_ready
    assert Utterance.objects.get().status == Status.INTERRUPTED
