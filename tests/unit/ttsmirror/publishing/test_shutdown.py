"""The mirror ends quietly with its process."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from ttsmirror.publishing import mirror as module
from ttsmirror.publishing.mirror import TTSMirrorPublisher
from ttsmirror.publishing.publisher import Publisher


class Exits:
    """The functions that are registered to run at exit."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def register(self, call: Any) -> None:
        self.calls.append(call)


def test_mirror_that_comes_too_late_logs_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    mirror = TTSMirrorPublisher()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    mirror.publish_text("Hola", source="chat")
    (record,) = [each for each in caplog.records if each.name.startswith("ttsmirror")]
    assert "too late to mirror" in record.getMessage() and record.exc_info is None


def test_mirror_starts_no_thread_while_python_shuts_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Before Python 3.12 such a thread never runs, and start() waits for it without end.
    monkeypatch.setattr("sys.is_finalizing", lambda: True)
    monkeypatch.setattr(Publisher, "start", lambda publisher: pytest.fail("it was started"))
    TTSMirrorPublisher().publish_text("Hola", source="chat")
    assert "too late to mirror" in caplog.text


def test_interrupt_at_exit_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(publisher: Any, timeout_seconds: float = 0.0) -> None:
        raise KeyboardInterrupt

    exits = Exits()
    monkeypatch.setattr(module, "atexit", exits)
    monkeypatch.setattr(Publisher, "start", lambda publisher: None)
    mirror = TTSMirrorPublisher()
    mirror.start()
    monkeypatch.setattr(Publisher, "stop", interrupt)
    (at_exit,) = exits.calls
    at_exit()
