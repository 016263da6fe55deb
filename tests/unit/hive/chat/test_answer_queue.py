"""Interrupts during the generation of answers, at the worst moments."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from hive.chat.answer_queue import AnswerQueue, Job, Question
from hive.models import ChatModule
from tests.support.tools import wait_until

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"


class Said:
    """The results of one question."""

    def __init__(self, queue: AnswerQueue, prompt: str = "", key: str = "") -> None:
        self.parts: list[str] = []
        self.answers: list[str | None] = []
        self.dropped = threading.Event()
        question = Question(DEVICE, ChatModule(), prompt, [])
        queue.add(Job(DEVICE, question, self._part, self.answers.append, self.dropped.set, key=key))

    def _part(self, words: str, is_last: bool) -> None:
        self.parts.append(words)


@pytest.fixture
def queue() -> Iterator[AnswerQueue]:
    made = AnswerQueue()
    yield made
    made.stop()


def test_interrupt_racing_first_sentence_silences_it(
    queue: AnswerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(*_: Any) -> AsyncGenerator[str, None]:
        queue.interrupt(DEVICE)  # interrupts before the first sentence is complete
        yield "Uno. Dos. "

    monkeypatch.setattr(queue.model, "stream", stream)
    said = Said(queue)
    assert said.dropped.wait(10)
    assert (said.parts, said.answers) == ([], [])


def test_complete_answer_is_not_said_after_interrupt(
    queue: AnswerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(*_: Any) -> AsyncGenerator[str, None]:
        yield "Uno."
        queue.interrupt(DEVICE)

    monkeypatch.setattr(queue.model, "stream", stream)
    said = Said(queue)
    assert said.dropped.wait(10)
    assert (said.parts, said.answers) == ([], [])


def test_interrupt_drops_waiting_jobs_but_not_later_ones(
    queue: AnswerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def stream(_module: Any, prompt: str, _lines: Any) -> AsyncGenerator[str, None]:
        asked.append(prompt)
        if prompt == "second":
            yield "Ya."
            return
        while True:
            await never.wait()

    never = asyncio.Event()
    monkeypatch.setattr(queue.model, "stream", stream)
    first, waiting = Said(queue, "first"), Said(queue, "waiting")
    wait_until(lambda: asked == ["first"], "the first question")
    queue.interrupt(DEVICE)
    second = Said(queue, "second")
    wait_until(lambda: second.answers == ["Ya."], "the answer")
    assert first.dropped.is_set() and waiting.dropped.is_set()
    assert asked == ["first", "second"]


def test_interrupt_for_older_answer_spares_the_current(
    queue: AnswerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(*_: Any) -> AsyncGenerator[str, None]:
        queue.interrupt(DEVICE, key="older")
        yield "Uno."

    monkeypatch.setattr(queue.model, "stream", stream)
    said = Said(queue, key="this one")
    wait_until(lambda: said.answers == ["Uno."], "the answer")
    assert not said.dropped.is_set()
