"""Findings of the doctor for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from ttsmonitor.doctor.base import Finding
from ttsmonitor.doctor.broker_visit import BrokerVisit
from ttsmonitor.doctor.situation import Situation

Look = Callable[[Situation], Iterable[Finding]]


@pytest.fixture
def situation() -> Situation:
    """Return one without a broker and without running services."""
    made = Situation()
    made.__dict__.update(visit=BrokerVisit("broker.test:1883", error="away"), processes={})
    return made


@pytest.fixture
def only(situation: Situation) -> Callable[[Look], Finding]:
    """Return what runs a check in that situation and returns its only finding."""

    def run(look: Look) -> Finding:
        (finding,) = look(situation)
        return finding

    return run


@pytest.fixture
def work(settings: object, tmp_path: Path) -> Path:
    """Return a work directory of its own."""
    directory = tmp_path / "work"
    directory.mkdir(mode=0o700)
    settings.WORK_DIR = directory  # type: ignore[attr-defined]
    return directory
