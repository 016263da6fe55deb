"""Sentences of a language model as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from hive.chat.sentences import in_sentences
from ttsmonitor.language.sentences import Sentences


async def test_complete_sentence_does_not_wait_for_slow_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hive.chat.sentences.IDLE_SECONDS", 0.01)
    gate = asyncio.Event()

    async def tokens() -> AsyncGenerator[str]:
        yield "Había una vez."
        await gate.wait()
        yield " Fin."

    sentences = Sentences()
    found = []
    async for sentence in in_sentences(tokens(), sentences):
        found.append(sentence)
        gate.set()
    assert (found, sentences.rest) == (["Había una vez."], " Fin.")
