"""Messages are stored once and joined."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.support.intake import store, store_together
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.models import Utterance, UtteranceChunk
from ttsmirror.wire.messages import Chunk, parse_chunk
from ttsmonitor.intake import inbox
from ttsmonitor.intake.inbox import Arrival, Stored

pytestmark = pytest.mark.django_db
Status = Utterance.Status


def chunks(text: str = "Uno. " * 100 + "Dos. " * 100 + "Tres.", **fields: object) -> list[Chunk]:
    return Chunk(utterance_id=uuid.uuid4(), text=text, **fields).split()  # type: ignore[arg-type]


def test_single_message_is_queued() -> None:
    (chunk,) = chunks("Hola", source="chat", device_id="d_1", mood="happy", intensity=0.3)
    stored = store(chunk)
    row = Utterance.objects.get()
    assert stored.became_ready and stored.is_complete
    assert (row.pk, row.text, row.status) == (chunk.utterance_id, "Hola", Status.QUEUED)
    assert (row.source, row.device_id, row.mood, row.intensity) == ("chat", "d_1", "happy", 0.3)


def test_first_speakable_utterance_is_prefetched_before_storing() -> None:
    foreseen: list[tuple[str, int]] = []

    def foresee(utterance: Utterance) -> None:
        foreseen.append((utterance.text, Utterance.objects.count()))

    (old,), (new,), (other,) = chunks("Hola"), chunks("Bien"), chunks("Mal")
    parts = chunks()
    store(old)
    for arrivals in (
        [Arrival(old, repeated=True), Arrival(parts[0]), Arrival(new), Arrival(other)],
        [Arrival(parts[1])],
        [Arrival(parts[2])],
        [Arrival(chunks("Viejo")[0], retained=True)],
        [Arrival(chunks("Calla")[0], interrupted=True)],
    ):
        inbox.store(arrivals, foresee)
    assert foreseen == [("Bien", 1), ("".join(part.text for part in parts), 4)]


def test_complete_message_is_prefetched_without_a_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    def foresee(utterance: Utterance) -> None:
        assert (utterance.text, utterance.mood) == ("Hola", "happy")
        raise InterruptedError

    (chunk,) = chunks("Hola", mood="happy")
    with django_assert_num_queries(0), pytest.raises(InterruptedError):
        inbox.store([Arrival(chunk)], foresee)


def test_repeated_message_is_not_stored_again() -> None:
    (chunk,) = chunks("Hola")
    store(chunk)
    Utterance.objects.all().move(Status.QUEUED, Status.SPOKEN)
    again = store(chunk)
    assert again.is_complete and not again.became_ready
    assert Utterance.objects.get().status == Status.SPOKEN


def test_reordered_and_repeated_chunks_join_to_same_text() -> None:
    parts = chunks()
    assert len(parts) == 3
    results = [store(parts[number]) for number in (2, 0, 2, 1, 1, 0)]
    row = Utterance.objects.get()
    assert row.text == "".join(part.text for part in parts)
    assert [result.became_ready for result in results] == [False, False, False, True, False, False]
    assert row.status == Status.QUEUED


def test_chunks_from_two_robots_are_never_mixed() -> None:
    first, second = chunks(device_id="d_1"), chunks("Otra. " * 150, device_id="d_2")
    for one, other in zip(first, second, strict=False):
        store(one)
        store(other)
    for number in range(min(len(first), len(second)), len(first)):
        store(first[number])
    assert Utterance.objects.get(device_id="d_1").text == "".join(part.text for part in first)
    assert "Uno" not in Utterance.objects.get(device_id="d_2").text


def test_contradicting_totals_are_refused() -> None:
    first, second, _third = chunks()
    store(first)
    with pytest.raises(InvalidMessageError, match="total_chunks is 9"):
        store(replace(second, total_chunks=9))


def test_utterance_over_the_limit_is_refused() -> None:
    total, uid = 60, uuid.uuid4()
    for number in range(1, 51):
        store(Chunk(utterance_id=uid, text="x" * 400, chunk=number, total_chunks=total))
    with pytest.raises(InvalidMessageError, match="over 20000 characters"):
        store(Chunk(utterance_id=uid, text="x" * 400, chunk=51, total_chunks=total))


def test_missing_chunk_is_given_up_and_marked() -> None:
    first, _second, third = chunks()
    store(first)
    store(third)
    assert inbox.give_up_waiting(5) == []
    Utterance.objects.update(received_at=timezone.now() - timedelta(seconds=6))
    (row,) = inbox.give_up_waiting(5)
    assert row.status == Status.QUEUED
    assert row.error == "chunk 2 of 3 did not arrive"
    assert row.reason == {
        "code": "chunk {numbers} of {total} did not arrive",
        "params": {"numbers": "2", "total": 3},
    }
    assert row.text == f"{first.text.strip()} … {third.text}"


def test_late_chunk_is_stored_and_marked() -> None:
    first, second, third = chunks()
    store(first)
    store(third)
    Utterance.objects.update(received_at=timezone.now() - timedelta(seconds=6))
    inbox.give_up_waiting(5)
    stored = store(second)
    row = Utterance.objects.get()
    assert stored.is_complete and not stored.became_ready
    assert row.text == first.text + second.text + third.text
    assert "too late" in row.error


def test_retained_message_is_stored_and_not_spoken() -> None:
    (chunk,) = chunks("Hola")
    assert not store(chunk, retained=True).became_ready
    row = Utterance.objects.get()
    assert (row.status, row.error) == (
        Status.SKIPPED,
        "retained by the broker: stored, not spoken",
    )


def test_unfinished_utterance_delays_only_the_same_robot() -> None:
    store(chunks(device_id="d_1")[0])
    store(chunks("Luego", device_id="d_1")[0])
    store(chunks("Otro robot", device_id="d_2")[0])
    assert [row.text for row in Utterance.objects.speakable_now()] == ["Otro robot"]


def test_high_priority_first_then_arrival_order() -> None:
    for text, priority in (("uno", "normal"), ("dos", "normal"), ("ya", "high")):
        store(chunks(text, priority=priority)[0])
    assert [row.text for row in Utterance.objects.waiting()] == ["ya", "uno", "dos"]


def test_playing_utterance_is_interrupted_after_a_crash() -> None:
    for text in ("uno", "dos"):
        store(chunks(text)[0])
    Utterance.objects.filter(text="uno").move(Status.QUEUED, Status.PLAYING)
    (row,) = inbox.recover()
    assert (row.text, row.status) == ("uno", Status.INTERRUPTED)
    assert Utterance.objects.get(text="dos").status == Status.QUEUED


def test_redelivered_message_without_id_is_one_utterance() -> None:
    def arrives(text: str, **how: bool) -> None:
        store(parse_chunk(text.encode()), **how)

    arrives("Hola")
    arrives("Hola", repeated=True)
    assert Utterance.objects.count() == 1
    arrives("Hola")
    assert Utterance.objects.count() == 2, "said twice is said twice"
    for _ in range(3):
        arrives("Vieja", retained=True)
    assert Utterance.objects.filter(text="Vieja").count() == 1


def test_utterance_behind_an_interrupt_is_stored_unspoken() -> None:
    stored = store(chunks("Hola")[0], interrupted=True)
    assert not stored.became_ready
    assert Utterance.objects.get().status == Status.INTERRUPTED


def texts() -> list[str]:
    return [row.text for row in Utterance.objects.waiting()]


def test_batch_is_queued_in_arrival_order() -> None:
    made = [chunks(str(number))[0] for number in range(30)]
    results = store_together(made)
    assert texts() == [str(number) for number in range(30)]
    assert all(isinstance(each, Stored) and each.became_ready for each in results)


def test_batch_takes_a_constant_number_of_queries(
    django_assert_num_queries: Callable[[int], Any],
) -> None:
    for count, queries in ((1, 2), (100, 3), (1_000, 3)):
        with django_assert_num_queries(queries):
            store_together([chunks(f"{count}, {number}")[0] for number in range(count)])
    parts = chunks()
    store(parts[0])
    with django_assert_num_queries(4):
        store_together(parts[1:])


def test_repetition_within_a_batch_is_ignored() -> None:
    (chunk,) = chunks("Hola")
    first, again = store_together([chunk, chunk])
    assert isinstance(first, Stored) and first.became_ready
    assert isinstance(again, Stored) and again.is_complete and not again.became_ready
    assert texts() == ["Hola"]


def test_chunks_in_a_batch_join_without_mixing() -> None:
    first, second = chunks(device_id="d_1"), chunks("Otra. " * 150, device_id="d_2")
    arriving = [first[2], second[1], first[0], second[0], second[1], first[1], *second[2:]]
    results = store_together(arriving)
    assert texts() == ["".join(part.text for part in parts) for parts in (first, second)]
    assert sum(isinstance(each, Stored) and each.became_ready for each in results) == 2
    assert UtteranceChunk.objects.count() == len(first) + len(second)


def test_only_the_contradicting_chunk_is_refused() -> None:
    first, second, third = chunks()
    stranger = replace(second, total_chunks=9)
    results = store_together([first, stranger, second, third])
    assert [isinstance(each, Stored) for each in results] == [True, False, True, True]
    assert texts() == [first.text + second.text + third.text]


def test_chunks_beyond_the_limit_are_refused_alone() -> None:
    uid = uuid.uuid4()
    parts = [
        Chunk(utterance_id=uid, text="x" * 400, chunk=number, total_chunks=60)
        for number in range(1, 53)
    ]
    results = store_together(parts)
    assert [isinstance(each, Stored) for each in results] == [True] * 50 + [False] * 2
    assert Utterance.objects.get().text == "x" * 20_000 + " …"
    assert UtteranceChunk.objects.count() == 50


def test_redelivery_within_a_batch_is_one_utterance() -> None:
    message = b"Hola"
    inbox.store(
        [
            Arrival(parse_chunk(message)),
            Arrival(parse_chunk(message)),
            Arrival(parse_chunk(message), repeated=True),
        ]
    )
    assert texts() == ["Hola", "Hola"]


def test_redelivery_does_not_match_an_old_message() -> None:
    store(parse_chunk(b"Hola"))
    Utterance.objects.update(received_at=timezone.now() - timedelta(hours=2))
    store(parse_chunk(b"Hola"), repeated=True)
    assert Utterance.objects.count() == 2
