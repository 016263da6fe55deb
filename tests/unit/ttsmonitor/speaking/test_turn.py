"""Waiting ends when an utterance is the next one and the speaker is free."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from ttsmirror.models import Utterance
from ttsmonitor.speaking.turn import TurnClock


def arrived(seconds_ago: float, **fields: int) -> Utterance:
    return Utterance(
        text="Hola", received_at=timezone.now() - timedelta(seconds=seconds_ago), **fields
    )


@pytest.fixture
def turns() -> TurnClock:
    return TurnClock()


def test_turn_of_a_free_speaker_begins_with_the_arrival(turns: TurnClock) -> None:
    turns.found_nothing()
    turn = turns.take(arrived(0.5))
    assert turn.waiting_seconds == 0
    assert time.monotonic() - turn.since == pytest.approx(0.5, abs=0.2)


def test_turn_begins_when_the_speaker_is_free(turns: TurnClock) -> None:
    turns.was_busy()
    turn = turns.take(arrived(6.0))
    assert turn.waiting_seconds == pytest.approx(6.0, abs=0.2)
    assert time.monotonic() - turn.since < 0.2


def test_waiting_for_chunks_is_no_time_to_first_sound(turns: TurnClock) -> None:
    turns.found_nothing()
    turn = turns.take(arrived(5.0, total_chunks=2))
    assert turn.waiting_seconds == pytest.approx(5.0, abs=0.2)


def test_arrival_in_the_future_counts_as_now(turns: TurnClock) -> None:
    turn = turns.take(arrived(-3_600.0))
    assert turn.waiting_seconds == 0
    assert time.monotonic() - turn.since < 0.2
