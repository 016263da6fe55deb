"""A process that ends by itself is started again, unless it does so again and again."""

from __future__ import annotations

import io
from typing import Any

import pytest

from hive.process import supervisor as module
from hive.process.console import Console
from hive.process.supervisor import Part


class FakeProcess:
    """A process that has ended, or runs."""

    started = 0

    def __init__(self, name: str, console: Console) -> None:
        FakeProcess.started += 1
        self.has_ended, self.returncode = False, 3


class Clock:
    """A clock that the test sets."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    FakeProcess.started = 0
    monkeypatch.setattr(module, "ManagedProcess", FakeProcess)
    monkeypatch.setattr(module, "time", clock)
    return clock


def end(part: Any, clock: Clock, after_seconds: float = 0.0) -> None:
    clock.now += after_seconds
    part.process.has_ended = True
    part.tend()


def test_delays_double_until_the_fifth_death_in_a_minute(clock: Clock) -> None:
    output = io.StringIO()
    part = Part("hive", Console(output))
    for seconds in (1, 2, 4, 8):
        end(part, clock)
        clock.now += seconds - 0.1
        starts = FakeProcess.started
        part.tend()
        assert FakeProcess.started == starts, "it is too early"
        clock.now += 0.1
        part.tend()
        assert FakeProcess.started == starts + 1
    assert not part.has_failed
    end(part, clock)
    assert part.has_failed
    assert "hive ended by itself, exit code 3: it is started again in 8 s" in output.getvalue()
    assert "exit code 3, 5 times in 60 s: stopping the rest" in output.getvalue()


def test_delay_stays_below_its_maximum_and_begins_again_after_a_long_run(clock: Clock) -> None:
    output = io.StringIO()
    part = Part("hive", Console(output))
    for _time in range(8):
        end(part, clock, after_seconds=20)
        clock.now += 30
        part.tend()
    assert not part.has_failed
    assert "again in 30 s" in output.getvalue() and "again in 32 s" not in output.getvalue()
    end(part, clock, after_seconds=100)
    assert output.getvalue().strip().endswith("again in 1 s")
