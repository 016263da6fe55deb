"""Pieces end where a speaker pauses, and nowhere else if it can be helped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsmonitor.synthesis.clauses import LIMITS, STRETCH, clauses

LONG = " y luego seguimos hablando de otras cosas bonitas un buen rato más esta tarde"


def pieces(text: str) -> list[str]:
    return [clause.text for clause in clauses(text)]


@pytest.mark.parametrize("text", ["Hola.", "Hola, soy Moxie.", "¿Qué tal estás hoy, amiguito?"])
def test_what_is_short_stays_whole(text: str) -> None:
    assert pieces(text) == [text]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hola, soy Moxie y hoy vamos a leer un cuento muy bonito sobre un robot.", "Hola,"),
        ("¡Hola! Hoy vamos a leer un cuento muy bonito sobre un robot bailarín.", "¡Hola!"),
        ("Espera… ahora vamos a leer un cuento muy bonito sobre un robot.", "Espera…"),
        ("«Bien.» Ahora vamos a leer un cuento muy bonito sobre un robot.", "«Bien.»"),
    ],
)
def test_the_first_piece_ends_at_the_first_pause_in_reach(text: str, first: str) -> None:
    assert pieces(text)[0] == first


@pytest.mark.parametrize(
    "whole",
    [
        "El Sr. García y la Sra. Paz",
        "Cuesta 12.500,50 euros",
        "Son las 10:30 en EE. UU. ahora",
        "Escribe a moxie@example.org hoy",
        "Mira https://example.org/a.b?c=1;d hoy",
        "Compra pan etc. en la tienda",
        "J. R. R. Tolkien lo escribió",
        "Vive en la Avda. Mayor",
    ],
)
def test_what_looks_like_an_end_is_none(whole: str) -> None:
    for piece in pieces(whole + LONG):
        assert piece.startswith(whole) or whole not in piece
    assert pieces(whole + LONG)[0].startswith(whole)


def test_an_abbreviation_before_a_new_sentence_ends_one() -> None:
    text = "Compramos pan, leche, etc. Después" + LONG
    assert pieces(text)[0] == "Compramos pan, leche, etc."


def test_without_any_pause_it_is_cut_before_a_joining_word_and_marked() -> None:
    text = "había una vez un robot que quería aprender a bailar con sus amigos del bosque verde"
    first, *_others = clauses(text * 2)
    assert first.runs_on
    assert text.removeprefix(first.text).split()[0] in ("que", "con", "y")


texts = st.text(st.sampled_from("abñ .,;:!?¿¡…\"'1)yque"), max_size=900).map(
    lambda text: " ".join(text.split())
)


@given(texts)
def test_no_character_is_lost_and_the_last_piece_never_runs_on(text: str) -> None:
    found = list(clauses(text))
    assert "".join("".join(clause.text.split()) for clause in found) == "".join(text.split())
    assert all(clause.text for clause in found)
    assert not found or not found[-1].runs_on


@given(st.lists(st.sampled_from("sol luna mar robot que y con bailar".split()), max_size=200))
def test_pieces_of_words_are_never_longer_than_they_may_be(words: list[str]) -> None:
    for number, clause in enumerate(clauses(" ".join(words))):
        limit = LIMITS[min(number, len(LIMITS) - 1)]
        assert len(clause.text) <= round(limit * STRETCH)
