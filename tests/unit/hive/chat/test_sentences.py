"""Splitting a language model's output into sentences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hive.chat.sentences import Sentences, in_sentences


def fed(*pieces: str) -> tuple[list[str], str]:
    sentences = Sentences()
    found = [sentence for piece in pieces for sentence in sentences.feed(piece)]
    return found, sentences.rest


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("¡Hola! ¿Qué tal?", ["¡Hola! "]),
        ("Son 3.5 metros. Ya.", ["Son 3.5 metros. "]),
        ("El Sr. Pérez y J. R. R. cantan. Sí", ["El Sr. Pérez y J. R. R. cantan. "]),
        ("Dijo «ven.» Y vino", ["Dijo «ven.» "]),
        ("1. Uno\n2. Dos\n", ["1. Uno\n", "2. Dos\n"]),
        ("😀 ¡Hola! Ya", ["😀 ¡Hola! "]),
        ("**Hola.** Ya", ["**Hola.** "]),
        ("<think>Qué digo. A ver.</think>\n\nHola. Ya", ["Hola. "]),
        ("Espera… No. ", ["Espera… ", "No. "]),
        ("2 < 3. Sí", ["2 < 3. "]),
    ],
)
def test_sentences_are_split_at_their_ends(text: str, expected: list[str]) -> None:
    assert fed(text)[0] == expected
    assert fed(*text)[0] == expected, "letter by letter"


def test_unfinished_reasoning_is_not_spoken() -> None:
    assert fed("<think>Mmm. ", "Pienso. ") == ([], "")


@given(st.text("ab .!?¿\n…*😀3<", max_size=80), st.integers(1, 7))
def test_split_sentences_join_to_the_original_text(text: str, step: int) -> None:
    found, rest = fed(*(text[start : start + step] for start in range(0, len(text), step)))
    assert "".join(found) + rest == text.lstrip()


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
