"""Splitting into chunks, and the words of markup."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsmirror.text import CHUNK_CHARACTERS, as_compared, split_chunks, words_of_markup

any_text = st.text(
    alphabet=st.one_of(
        st.sampled_from(" .,;:!?…\n¿¡áñ🤖\u0301\u200d"), st.characters(exclude_categories=["Cs"])
    ),
    max_size=3000,
)


@given(any_text, st.integers(min_value=2, max_value=400))
def test_chunks_join_to_the_same_text_and_fit(text: str, limit: int) -> None:
    chunks = split_chunks(text, limit)
    assert "".join(chunks) == text
    assert all(len(chunk) <= limit for chunk in chunks)
    assert all(chunks) or chunks == [""]


@pytest.mark.parametrize(
    ("text", "limit", "first"),
    [
        ("Hola. Soy Moxie, tu amigo", 15, "Hola. "),
        ("Hola amigo, soy Moxie y río", 20, "Hola amigo, "),
        ("Hola amigo soy Moxie", 12, "Hola amigo "),
        ("Supercalifragilístico", 10, "Supercalif"),
        ("¿Qué? ¡Nada! «Bien.» Ya", 21, "¿Qué? ¡Nada! «Bien.» "),
    ],
)
def test_chunk_ends_at_sentence_then_clause_then_space(text: str, limit: int, first: str) -> None:
    assert split_chunks(text, limit)[0] == first


def test_hard_cut_keeps_accent_with_letter() -> None:
    text = "a" * 9 + "e\u0301" + "b" * 5
    assert split_chunks(text, 10) == ["a" * 9, "e\u0301" + "b" * 5]


def test_short_text_makes_one_chunk() -> None:
    assert split_chunks("Hola.") == ["Hola."]
    assert len(split_chunks("x" * CHUNK_CHARACTERS)) == 1


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ('<mark name="cmd:playback-mood,data:{+a+:1}"/>¡Hola, amigo!', "¡Hola, amigo!"),
        ('Uno<break time="1s"/> dos <usel genre="a>b">tres</usel>.', "Uno dos tres."),
        ("Tom &amp; Jerry, 3 < 4", "Tom & Jerry, 3 < 4"),
        ("animation: happy\nHola\nsilent: 3", "Hola"),
        ("Hola, <b>amigo</b>", "Hola, amigo"),
    ],
)
def test_words_of_markup_have_no_tags(markup: str, words: str) -> None:
    assert words_of_markup(markup) == words


def test_same_words_compare_equal_however_they_are_marked() -> None:
    said = as_compared('<mark name="x"/>¡Hola, **Moxie**! 😀')
    assert said == as_compared("¡Hola, Moxie!") == "hola moxie"
    assert as_compared("<break/> 😀 …") == ""


@pytest.mark.parametrize(
    "piece", ["<a ", "<a '", "<a '<b \"", "a='\"><", "&amp;", "animation:", " "]
)
def test_words_of_hostile_markup_are_found_quickly(piece: str) -> None:
    text = (piece * 65_536)[:65_536]
    begin = time.process_time()
    words_of_markup(text)
    assert time.process_time() - begin < 1, "a quadratic pattern takes half a minute"
