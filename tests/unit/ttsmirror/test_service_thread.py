"""Threads of services: failures, heartbeats, stops."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError

from tests.support.tools import wait_until
from ttsmirror import heartbeat
from ttsmirror.heartbeat import beat
from ttsmirror.service_thread import ServiceThread

pytestmark = pytest.mark.django_db(transaction=True)


class Working(ServiceThread):
    """A thread that does what the test wants."""

    retry_seconds = 0.01

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__("tests.worker")
        self._act = act

    def work(self) -> None:
        self._act()
        self.stopping.wait(0.01)


Make = Callable[[Callable[[], object]], Working]


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[Working] = []

    def start(act: Callable[[], object]) -> Working:
        made.append(Working(act))
        made[-1].start()
        return made[-1]

    yield start
    for thread in made:
        thread.stop()


def test_failures_are_logged_and_the_work_goes_on(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[Exception] = [OperationalError("locked"), ZeroDivisionError("unexpected")]
    done = threading.Event()

    def act() -> None:
        if failures:
            raise failures.pop(0)
        done.set()

    make(act)
    assert done.wait(5)
    one, other = (record for record in caplog.records if record.name.endswith("service_thread"))
    assert "locked" in one.getMessage() and one.exc_info is None
    assert other.exc_info is not None


def test_stalled_thread_has_a_fault_until_it_moves(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "STALLED_SECONDS", 0.1)
    gate, is_held = threading.Event(), threading.Event()

    def act() -> None:
        is_held.set()
        assert gate.wait(10)

    thread = make(act)
    assert is_held.wait(5)
    wait_until(lambda: thread.fault, "the stall to be noticed")
    assert thread.fault == "the thread tests.worker does not move"
    gate.set()
    wait_until(lambda: not thread.fault, "its recovery")


def test_long_work_that_beats_is_not_stalled(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "STALLED_SECONDS", 0.3)
    beats, is_over = [0], threading.Event()

    def act() -> None:
        while not is_over.wait(0.01):
            beat()
            beats[0] += 1

    thread = make(act)
    faults = []
    wait_until(lambda: faults.append(thread.fault) or beats[0] > 50)  # type: ignore[func-returns-value]
    assert set(faults) == {""}
    is_over.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_ended_thread_has_a_fault_but_a_stopped_one_has_none(make: Make) -> None:
    def end() -> None:
        raise SystemExit

    ended, stopped = make(end), make(lambda: None)
    wait_until(lambda: not ended.is_alive)
    assert ended.fault == "the thread tests.worker ended"
    stopped.stop()
    assert not stopped.is_alive and stopped.fault == ""
    assert Working(lambda: None).fault == "", "it was not started"
