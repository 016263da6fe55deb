"""The watchdog ends the process when a fault lasts, and only then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.tools import wait_until
from ttsmonitor.system import watchdog as module
from ttsmonitor.system.watchdog import EXIT_CODE, Watchdog, find_faults

pytestmark = pytest.mark.django_db(transaction=True)


class Fault:
    """A part with a fault, or without one."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    codes: list[int] = []

    def leave(code: int) -> None:
        codes.append(code)
        raise SystemExit

    monkeypatch.setattr(module, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(module, "RESTART_TICKS", 5)
    monkeypatch.setattr(module.os, "_exit", leave)  # type: ignore[attr-defined]
    monkeypatch.setattr(module.logging, "shutdown", lambda: None)  # type: ignore[attr-defined]
    yield codes


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_lasting_fault_ends_the_process_after_saving(
    exits: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    saved: list[bool] = []
    watchdog = Watchdog(lambda: "it hangs", lambda: saved.append(True))
    watchdog.start()
    wait_until(lambda: exits)
    assert exits == [EXIT_CODE] and saved == [True]
    assert "it hangs: the process ends, to be started again" in caplog.text
    watchdog.stop()


def test_passing_fault_ends_nothing(exits: list[int]) -> None:
    looks = [0]

    def reason() -> str:
        looks[0] += 1
        return "" if looks[0] % 4 == 0 else "it hangs"

    watchdog = Watchdog(reason)
    watchdog.start()
    wait_until(lambda: looks[0] > 20)
    watchdog.stop()
    assert not exits


def test_faults_of_all_parts_are_named() -> None:
    assert find_faults([Fault(), Fault()]) == ""
    assert find_faults([Fault("one"), Fault(), Fault("other")]) == "one; other"
