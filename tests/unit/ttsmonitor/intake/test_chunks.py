"""Chunks in any order, repeated or missing, are neither mixed nor lost."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.intake import Message, store, store_together
from ttsmirror.exceptions import InvalidMessageError
from ttsmirror.models import Utterance, UtteranceChunk
from ttsmirror.text import split_chunks
from ttsmirror.wire.messages import Chunk, parse_chunk
from ttsmonitor.intake import inbox
from ttsmonitor.intake.inbox import Stored

pytestmark = pytest.mark.django_db
Status = Utterance.Status
CHARACTERS = 12
MOMENT = "2026-11-24T10:00:00.000Z"


@dataclass(frozen=True)
class Said:
    """An utterance and its messages."""

    text: str
    source: str
    device_id: str
    utterance_id: str

    def payloads(self) -> list[bytes]:
        parts = split_chunks(self.text, CHARACTERS)
        shared = {"source": self.source, "device_id": self.device_id, "timestamp": MOMENT}
        if self.utterance_id:
            shared["id"] = self.utterance_id
        messages = [
            {"text": part, "chunk": number, "total_chunks": len(parts)} | shared
            for number, part in enumerate(parts, 1)
        ]
        return [json.dumps(message).encode() for message in messages]


@st.composite
def conversations(draw: st.DrawFn) -> list[Said]:
    """Draw utterances from several robots and sources, some without an id."""
    words = st.text("abc .,", min_size=CHARACTERS + 1, max_size=60).filter(str.strip)
    places = draw(
        st.lists(
            st.tuples(st.sampled_from(["chat", "system"]), st.sampled_from(["d_1", "d_2", ""])),
            min_size=2,
            max_size=4,
        )
    )
    said: list[Said] = []
    for source, device_id in places:
        # Without an id, they are identified by source, robot, time and total: keep those unique.
        is_first = (source, device_id) not in {(each.source, each.device_id) for each in said}
        given_id = "" if is_first and draw(st.booleans()) else str(uuid.uuid4())
        said.append(Said(draw(words), source, device_id, given_id))
    return said


def store_in_batches(messages: list[Message], order: random.Random) -> list[Stored]:
    """Store all payloads in batches of random size."""
    results: list[Stored | InvalidMessageError] = []
    while messages:
        size = order.randint(1, 5)
        results += store_together(messages[:size])
        messages = messages[size:]
    assert not [each for each in results if isinstance(each, InvalidMessageError)]
    return [each for each in results if isinstance(each, Stored)]


def age(seconds: float) -> None:
    Utterance.objects.update(received_at=timezone.now() - timedelta(seconds=seconds))


@given(conversations(), st.randoms(use_true_random=False), st.integers(0, 10))
@settings(max_examples=40)
def test_any_order_and_repetition_gives_each_text_exactly_once(
    said: list[Said], order: random.Random, repeated: int
) -> None:
    arriving = [payload for each in said for payload in each.payloads()]
    arriving += order.choices(arriving, k=repeated)
    order.shuffle(arriving)
    with transaction.atomic():
        results = store_in_batches(list(arriving), order)
        rows = Utterance.objects.all()
        assert Counter((row.text, row.source, row.device_id) for row in rows) == Counter(
            (each.text, each.source, each.device_id) for each in said
        )
        assert {row.status for row in rows} == {Status.QUEUED}
        ready = Counter(result.utterance.pk for result in results if result.became_ready)
        assert ready == Counter(row.pk for row in rows)
        transaction.set_rollback(True)


@given(conversations(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_late_chunks_complete_a_given_up_text(said: list[Said], order: random.Random) -> None:
    arriving = [payload for each in said for payload in each.payloads()]
    order.shuffle(arriving)
    late = order.randrange(1, len(arriving))
    with transaction.atomic():
        early = store_in_batches(list(arriving[:late]), order)
        ready = [each.became_ready for each in early].count(True)
        age(6)
        given_up = inbox.give_up_waiting(5)
        rows = Utterance.objects.all()
        assert {row.status for row in rows} == {Status.QUEUED}
        assert len(rows) == ready + len(given_up)
        for row in given_up:
            assert "…" in row.text and "did not arrive" in row.error
        late_ones = store_in_batches(list(arriving[late:]), order)
        again = {each.utterance.pk for each in late_ones if each.became_ready}
        assert again.isdisjoint(row.pk for row in given_up), "it would be spoken once more"
        assert Counter(row.text for row in rows.all()) == Counter(each.text for each in said)
        transaction.set_rollback(True)


def test_white_space_alone_shows_as_a_gap() -> None:
    store(Chunk(utterance_id=uuid.uuid4(), text=" ", chunk=1, total_chunks=2, source="chat"))
    age(6)
    assert [row.text for row in inbox.give_up_waiting(5)] == ["…"]


def parts() -> list[Chunk]:
    said = Said("Uno dos tres. Seis siete. Ocho.", "chat", "d_1", "")
    return [parse_chunk(payload) for payload in said.payloads()]


@pytest.mark.parametrize(
    ("there", "text"),
    [
        ([1, 4], "Uno dos … Ocho."),
        ([2], "… tres. …"),
        ([4], "… Ocho."),
        ([1, 2], "Uno dos tres. …"),
    ],
)
def test_missing_chunks_show_as_ellipsis(there: list[int], text: str) -> None:
    sent = parts()
    assert [chunk.text for chunk in sent] == ["Uno dos ", "tres. ", "Seis siete. ", "Ocho."]
    for number in there:
        store(sent[number - 1])
    age(6)
    (row,) = inbox.give_up_waiting(5)
    assert row.text == text


def test_late_chunk_leaves_the_other_gaps_visible() -> None:
    sent = parts()
    store(sent[0])
    age(6)
    inbox.give_up_waiting(5)
    store(sent[2])
    row = Utterance.objects.get()
    assert row.text == "Uno dos … Seis siete. …"
    assert row.error == "a chunk arrived too late to be spoken"


@pytest.mark.parametrize(
    "change", [{"total_chunks": 9}, {"source": "system"}, {"device_id": "d_2"}], ids=str
)
def test_contradicting_chunk_is_refused_and_utterance_completes(
    change: dict[str, object],
) -> None:
    sent = parts()
    store(sent[0])
    stranger = replace(sent[1], text="X", **change)  # type: ignore[arg-type]
    with pytest.raises(InvalidMessageError, match=f"{next(iter(change))} is .*but utterance"):
        store(stranger)
    for chunk in sent[1:]:
        store(chunk)
    row = Utterance.objects.get()
    assert (row.text, row.status) == ("".join(chunk.text for chunk in sent), Status.QUEUED)


@pytest.mark.parametrize("together", [False, True], ids=["apart", "together"])
def test_other_text_of_a_known_chunk_is_refused(together: bool) -> None:
    sent = parts()
    messages = [sent[0], replace(sent[0], text="Otra cosa"), *sent[1:]]
    results = store_together(messages) if together else [store_or_refuse(each) for each in messages]
    refused = [each for each in results if isinstance(each, InvalidMessageError)]
    assert results[1] is refused[0] and len(refused) == 1
    assert "came before with another text" in str(refused[0])
    assert Utterance.objects.get().text == "".join(chunk.text for chunk in sent)
    assert UtteranceChunk.objects.count() == len(sent)


def store_or_refuse(message: Message) -> Stored | InvalidMessageError:
    (result,) = store_together([message])
    return result


def test_other_text_of_a_known_utterance_is_refused() -> None:
    first = Chunk(utterance_id=uuid.uuid4(), text="Primera")
    store(first)
    with pytest.raises(InvalidMessageError, match="another text"):
        store(replace(first, text="Segunda"))
    assert store(first).is_complete
    assert Utterance.objects.get().text == "Primera"
