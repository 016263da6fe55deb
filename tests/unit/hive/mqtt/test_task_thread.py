"""The hive's worker: order, delays, overflow and failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from hive.mqtt import task_thread as module
from hive.mqtt.task_thread import TaskThread


@pytest.fixture
def worker() -> Iterator[TaskThread]:
    made = TaskThread("tests.worker")
    yield made
    made.stop(5)


def test_tasks_run_in_order_despite_a_failure(worker: TaskThread) -> None:
    done: list[int] = []
    worker.submit(done.append, 1)
    worker.submit(lambda: 1 / 0)
    worker.submit(done.append, 2)
    worker.start()
    worker.stop(5)
    assert done == [1, 2]


def test_delayed_task_replaces_task_with_same_key(worker: TaskThread) -> None:
    done: list[str] = []
    is_done = threading.Event()
    worker.later("a", 0.0, done.append, "old")
    worker.later("a", 0.0, done.append, "new")
    worker.later("b", 0.01, is_done.set)
    worker.start()
    assert is_done.wait(10)
    assert done == ["new"]


def test_task_overflow_keeps_delayed_tasks(
    worker: TaskThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAXIMUM_WAITING", 3)
    is_done = threading.Event()
    for number in range(10):
        worker.submit(int, number)
    worker.later("tick", 0.0, is_done.set)
    assert worker.dropped == 7
    worker.start()
    assert is_done.wait(10)


def test_delayed_tasks_are_dropped_at_stop(worker: TaskThread) -> None:
    done: list[str] = []
    worker.later("a", 3600, done.append, "never")
    worker.start()
    worker.stop(5)
    assert done == []
