"""Interrupts of answers that are being made, at the worst moments."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from typing import Any

import pytest

from hive.chat.answer_queue import AnswerQueue, Question, Work
from hive.chat.models import ChatModule
from tests.support.tools import wait_until

DEVICE = "d_1b4e28ba-2fa1-11d2-883f-0016d3cca427"


class Said:
    """What came of one question."""

    def __init__(self, talks: AnswerQueue, prompt: str = "", key: str = "") -> None:
        self.parts: list[str] = []
        self.answers: list[str | None] = []
        self.dropped = threading.Event()
        question = Question(DEVICE, ChatModule(), prompt, [])
        talks.ask(
            Work(DEVICE, question, self._part, self.answers.append, self.dropped.set, key=key)
        )

    def _part(self, words: str, is_last: bool) -> None:
        self.parts.append(words)


@pytest.fixture
def talks() -> Iterator[AnswerQueue]:
    made = AnswerQueue()
    yield made
    made.stop()


def test_nothing_is_said_after_an_interrupt_that_raced_the_first_sentence(
    talks: AnswerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(*_: Any) -> AsyncGenerator[str, None]:
        talks.interrupt(DEVICE)  # from here on, though the first sentence is complete
        yield "Uno. Dos. "

    monkeypatch.setattr(talks.model, "stream", stream)
    said = Said(talks)
    assert said.dropped.wait(10)
    assert (said.parts, said.answers) == ([], [])


def test_an_answer_that_is_complete_when_the_interrupt_comes_is_not_said(
    talks: AnswerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(*_: Any) -> AsyncGenerator[str, None]:
        yield "Uno."
        talks.interrupt(DEVICE)

    monkeypatch.setattr(talks.model, "stream", stream)
    said = Said(talks)
    assert said.dropped.wait(10)
    assert (said.parts, said.answers) == ([], [])


def test_an_interrupt_takes_along_what_waits_but_not_what_is_asked_next(
    talks: AnswerQueue, monkeypatch: pytest.MonkeyPatch
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
    monkeypatch.setattr(talks.model, "stream", stream)
    first, waiting = Said(talks, "first"), Said(talks, "waiting")
    wait_until(lambda: asked == ["first"], "the first question")
    talks.interrupt(DEVICE)
    second = Said(talks, "second")
    wait_until(lambda: second.answers == ["Ya."], "the answer")
    assert first.dropped.is_set() and waiting.dropped.is_set()
    assert asked == ["first", "second"]


def test_an_interrupt_of_an_older_answer_does_not_end_this_one(
    talks: AnswerQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stream(*_: Any) -> AsyncGenerator[str, None]:
        talks.interrupt(DEVICE, key="older")
        yield "Uno."

    monkeypatch.setattr(talks.model, "stream", stream)
    said = Said(talks, key="this one")
    wait_until(lambda: said.answers == ["Uno."], "the answer")
    assert not said.dropped.is_set()
