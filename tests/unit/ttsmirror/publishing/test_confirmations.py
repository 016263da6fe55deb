"""Unconfirmed utterances: republishing and warnings."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from ttsmirror.models import OutboxEntry
from ttsmirror.publishing import outbox
from ttsmirror.publishing.confirmations import UnconfirmedUtterances
from ttsmirror.wire.messages import Chunk

pytestmark = pytest.mark.django_db


@pytest.fixture
def unconfirmed() -> UnconfirmedUtterances:
    return UnconfirmedUtterances()


def add(unconfirmed: UnconfirmedUtterances, *texts: str) -> list[uuid.UUID]:
    chunks = [Chunk(utterance_id=uuid.uuid4(), text=text) for text in texts]
    unconfirmed.add(chunks)
    return [chunk.utterance_id for chunk in chunks]


def pass_time(seconds: float) -> None:
    """Let this many seconds pass since everything was sent."""
    OutboxEntry.objects.update(published_at=timezone.now() - timedelta(seconds=seconds))


def texts(chunks: list[Chunk]) -> list[str]:
    return [chunk.text for chunk in chunks]


@pytest.mark.parametrize(
    ("attempts", "seconds", "is_due"), [(1, 29, 0), (1, 31, 1), (3, 89, 0), (3, 91, 1)]
)
def test_retry_delay_grows_with_each_attempt(
    unconfirmed: UnconfirmedUtterances, attempts: int, seconds: float, is_due: int
) -> None:
    ids = add(unconfirmed, "Hola")
    for _ in range(attempts):
        unconfirmed.sent(ids, connection=1)
    pass_time(seconds)
    assert len(outbox.due(30)) == is_due


def test_reconnect_selects_utterances_unsent_over_this_connection(
    unconfirmed: UnconfirmedUtterances,
) -> None:
    before, after, _never = add(unconfirmed, "antes", "después", "nunca")
    unconfirmed.sent([before], connection=1)
    unconfirmed.sent([after], connection=3)
    assert texts(unconfirmed.all(but_sent_over=3)) == ["antes", "nunca"]
    assert texts(unconfirmed.all()) == ["antes", "después", "nunca"]


def test_published_and_confirmed_sentences_are_counted(
    unconfirmed: UnconfirmedUtterances,
) -> None:
    first, second = add(unconfirmed, "uno", "dos")
    unconfirmed.sent([first, second], connection=1)
    unconfirmed.sent([second], connection=3)
    unconfirmed.confirm([first])
    unconfirmed.confirm([first, uuid.uuid4()])  # known already, and another publisher's
    assert (unconfirmed.state.published, unconfirmed.state.confirmed) == (3, 1)


def test_unconfirmed_utterances_survive_a_restart(unconfirmed: UnconfirmedUtterances) -> None:
    add(UnconfirmedUtterances(), "de ayer")
    assert unconfirmed.state.waiting == 0
    unconfirmed.load()
    assert unconfirmed.state.waiting == 1


def test_sent_utterance_is_overdue_only_with_a_listener(
    unconfirmed: UnconfirmedUtterances,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("TTS_RETRY_SECONDS", "30")
    first, _second = add(unconfirmed, "enviada", "no enviada")
    unconfirmed.sent([first], connection=1)
    pass_time(31)
    assert unconfirmed.sweep(is_heard=False) == []
    assert not unconfirmed.state.problem
    assert texts(unconfirmed.sweep(is_heard=True)) == ["enviada", "no enviada"]
    assert (unconfirmed.state.waiting, unconfirmed.state.overdue) == (2, 1)
    assert "ACL" in unconfirmed.state.problem and "moxie/tts/text" in unconfirmed.state.problem
    unconfirmed.sent([first], connection=1)
    unconfirmed.sweep(is_heard=True)
    assert unconfirmed.state.overdue == 1, "sent again, it is still unheard"
    assert caplog.text.count("are not confirmed") == 1
    assert unconfirmed.clear_overdue() and not unconfirmed.state.problem
    assert not unconfirmed.clear_overdue()


@pytest.mark.django_db(transaction=True)
def test_unserializable_utterance_does_not_block_the_outbox(
    unconfirmed: UnconfirmedUtterances, caplog: pytest.LogCaptureFixture
) -> None:
    chunk = Chunk(utterance_id=uuid.uuid4(), text="no", mood=object())  # type: ignore[arg-type]
    unconfirmed.add([chunk])
    add(unconfirmed, "sí")
    assert texts(outbox.unconfirmed()) == ["sí"]
    assert unconfirmed.state.lost == 1
    assert "1 sentences cannot be written" in caplog.text


def test_entry_deleted_elsewhere_is_not_awaited(unconfirmed: UnconfirmedUtterances) -> None:
    forgotten, _other = add(unconfirmed, "olvidada", "otra")
    OutboxEntry.objects.filter(pk=forgotten).delete()
    unconfirmed.sweep(is_heard=False)
    assert (unconfirmed.state.waiting, unconfirmed.state.lost) == (1, 0)
