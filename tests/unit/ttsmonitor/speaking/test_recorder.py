"""The recorder reports every change in order, and bursts in batches."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.support.tools import wait_until
from tests.support.web_fakes import utterance
from ttsmirror.models import Utterance
from ttsmonitor.speaking import recorder as module
from ttsmonitor.speaking.recorder import Change, Recorder

pytestmark = pytest.mark.django_db(transaction=True)


class Told:
    """A listener that records reports; `gate` blocks it until the test opens it."""

    def __init__(self) -> None:
        self.batches: list[list[Change]] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, changes: list[Change]) -> None:
        assert self.gate.wait(20)
        self.batches.append(changes)

    @property
    def events(self) -> list[str]:
        return [change.event for batch in list(self.batches) for change in batch]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def journal(told: Told) -> Iterator[Recorder]:
    made = Recorder(told)
    made.start()
    yield made
    told.gate.set()
    made.stop()


def test_burst_is_reported_in_order_and_in_batches(journal: Recorder, told: Told) -> None:
    row = utterance("Hola")
    wanted = [f"event {number}" for number in range(1_200)]
    for event in wanted:
        journal.tell(row, event)
        journal.state_changed()
    journal.state_changed()
    wait_until(lambda: told.events[-2:] == [wanted[-1], ""], "all of it")
    assert [event for event in told.events if event] == wanted
    assert told.events.count("") <= len(told.batches)
    assert max(map(len, told.batches)) == module.TOLD_AT_ONCE
    assert len(told.batches) < 10


def test_single_change_is_told_without_delay(
    journal: Recorder, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 60)
    journal.tell(utterance("Hola"), "stored")
    wait_until(lambda: told.events == ["stored"], "the change")


def test_caller_with_backlog_waits_for_room(
    journal: Recorder, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG", 10)
    row = utterance("Hola")
    told.gate.clear()
    for number in range(40):
        journal.tell(row, f"{number}")
    wait_until(lambda: not journal._changes.qsize(), "the first of them in hand")
    for number in range(40):
        journal.tell(row, f"{number}")
    waiting = threading.Thread(target=journal.wait_for_room)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    told.gate.set()
    waiting.join(10)
    assert not waiting.is_alive()
    assert len(told.events) >= 40


def test_recorder_is_busy_until_burst_is_reported(journal: Recorder, told: Told) -> None:
    row = utterance("Hola")
    told.gate.clear()
    journal.tell(row, "first")
    wait_until(lambda: not journal._changes.qsize(), "the first in hand")
    assert not journal.is_busy
    for number in range(module.MANY):
        journal.tell(row, f"{number}")
    assert journal.is_busy
    told.gate.set()
    wait_until(lambda: len(told.events) == 1 + module.MANY, "all of it")
    assert not journal.is_busy


def test_stopping_recorder_releases_waiting_callers(
    journal: Recorder, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKLOG", 0)
    told.gate.clear()
    row = utterance("Hola")
    for _ in range(5):
        journal.tell(row, "stored")
    waiting = threading.Thread(target=journal.wait_for_room)
    waiting.start()
    journal.stop(0.01)
    waiting.join(10)
    assert not waiting.is_alive()


def test_unwritable_change_does_not_lose_the_next(journal: Recorder, told: Told) -> None:
    row = utterance("Hola", status="playing")
    journal.record(row, "broken", no_such_column=1)
    journal.record(row, "spoken", status="spoken")
    wait_until(lambda: told.events == ["spoken"], "the other one")
    assert Utterance.objects.get().status == "spoken"
