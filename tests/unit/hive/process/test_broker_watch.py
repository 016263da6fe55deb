"""The watch over the broker of run_all."""

from __future__ import annotations

import threading
from unittest.mock import Mock

import pytest

from hive.process import broker_watch
from hive.process.broker_watch import LOOK_SECONDS, PATIENCE_SECONDS, BrokerWatch
from ttsmirror.exceptions import BrokerError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Mock:
    made = Mock()
    made.monotonic.return_value = 1_000.0
    monkeypatch.setattr(broker_watch, "time", made)
    return made


def look_for(watch: BrokerWatch, clock: Mock, seconds: float) -> None:
    end = clock.monotonic.return_value + seconds
    while clock.monotonic.return_value < end:
        clock.monotonic.return_value += LOOK_SECONDS
        watch.look()


def test_broker_that_lets_nobody_in_is_ended_once(clock: Mock) -> None:
    is_ready, end = Mock(return_value=True), Mock()
    watch = BrokerWatch(is_ready, end)
    watch.look()
    is_ready.return_value = False
    look_for(watch, clock, PATIENCE_SECONDS)
    assert not end.called
    look_for(watch, clock, 10 * PATIENCE_SECONDS)
    assert end.call_count == 1


def test_broker_that_recovers_or_never_came_up_is_left_alone(clock: Mock) -> None:
    is_ready, end = Mock(return_value=False), Mock()
    watch = BrokerWatch(is_ready, end)
    look_for(watch, clock, 2 * PATIENCE_SECONDS)
    for answer in (True, False, True):
        is_ready.return_value = answer
        look_for(watch, clock, PATIENCE_SECONDS - LOOK_SECONDS)
    assert not end.called


def test_failing_look_does_not_end_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_watch, "LOOK_SECONDS", 0.01)
    looked_again = threading.Event()
    looks = iter([BrokerError("the certificates cannot be read")])

    def is_ready() -> bool:
        if error := next(looks, None):
            raise error
        looked_again.set()
        return True

    watch = BrokerWatch(is_ready, Mock())
    watch.start()
    assert looked_again.wait(5)
    watch.stop()
