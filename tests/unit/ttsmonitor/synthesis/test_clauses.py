"""Pieces end where a speaker pauses, and nowhere else if it can be helped."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsmonitor.language.normalization import normalize
from ttsmonitor.synthesis.clauses import LIMITS, STRETCH, Clause, clauses

LONG = " y luego seguimos hablando de otras cosas bonitas un buen rato más esta tarde"


def cut(text: str, lang: str = "es") -> list[Clause]:
    """The pieces of `text`, as the engine makes them."""
    return list(clauses(normalize(text, lang)))


def pieces(text: str, lang: str = "es") -> list[str]:
    return [clause.text for clause in cut(text, lang)]


@pytest.mark.parametrize(
    "text",
    [
        "Hola.",
        "Sí, claro.",
        "Hola, Ana.",
        "¿Qué tal estás hoy, amiguito?",
        "Hola soy Moxie, tu robot.",
    ],
)
def test_short_text_is_not_split(text: str) -> None:
    assert pieces(text) == [text]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hola, soy Moxie.", "Hola,"),
        ("¡Muy bien! ¿Jugamos?", "¡Muy bien!"),
        ("Buenos días, amiguito.", "Buenos días,"),
        ("Hola, soy Moxie y hoy vamos a leer un cuento muy bonito sobre un robot.", "Hola,"),
        ("¡Hola! Hoy vamos a leer un cuento muy bonito sobre un robot bailarín.", "¡Hola!"),
        ("Espera… ahora vamos a leer un cuento muy bonito sobre un robot.", "Espera,"),
        ("No. No quiero ir a la cama tan pronto esta noche, mamá bonita.", "No."),
        ("Es el plan B. Luego veremos qué hacemos con el otro plan que teníamos.", "Es el plan B."),
        ("Hola — dijo el robot que quería aprender a bailar con sus amigos", "Hola —"),
        ("«Bien.» Ahora vamos a leer un cuento muy bonito sobre un robot.", "«Bien.»"),
    ],
)
def test_first_piece_ends_at_first_pause_in_reach(text: str, first: str) -> None:
    assert pieces(text)[0] == first


@pytest.mark.parametrize(
    ("lang", "whole"),
    [
        ("es", "El Sr. García y la Sra. Paz"),
        ("es", "Cuesta 12.500,50 euros"),
        ("es", "Son las 12:30 en EE. UU. ahora"),
        ("es", "A las 10 a. m. llegó Moxie"),
        ("es", "Escribe a moxie@example.org hoy"),
        ("es", "Mira https://example.org/a.b?c=1;d hoy"),
        ("es", "Compra pan etc. en la tienda"),
        ("es", "J. R. R. Tolkien lo escribió"),
        ("es", "Vive en la Avda. Mayor"),
        ("es", "Lee la no. 5 y el art. 7 hoy"),
        ("es", "El 3. de mayo es el día de la madre"),
        ("es", "Mira el libro «Platero y yo» en clase"),
        ("es", "Moxie (mi robot) baila contigo"),
        ("es", 'La canción "Sol" suena muy bien'),
        ("en", "He works in the U.S. embassy"),
        ("en", "Mr. Bean and Mrs. Smith are here"),
    ],
)
def test_abbreviation_or_number_does_not_end_a_piece(lang: str, whole: str) -> None:
    first, *_others = cut(whole + LONG, lang)
    assert first.runs_on or len(first.text) > len(normalize(whole, lang))


def test_abbreviation_before_new_sentence_ends_piece() -> None:
    text = "Compramos pan, leche, etc. Después" + LONG
    assert pieces(text)[0] == "Compramos pan, leche, etcétera."


def test_text_without_pause_is_split_before_joining_word() -> None:
    text = "había una vez un robot que quería aprender a bailar con sus amigos del bosque verde"
    first, *_others = clauses(text * 2)
    assert first.runs_on
    assert text.removeprefix(first.text).split()[0] in ("que", "con", "y")


def test_text_without_space_is_split_but_not_before_accent() -> None:
    accented = unicodedata.normalize("NFD", "é")
    found = list(clauses(accented * 400))
    assert len(found) > 2
    assert all(clause.runs_on for clause in found[:-1])
    assert all(clause.text == accented * (len(clause.text) // 2) for clause in found)


def test_full_width_stop_needs_no_space() -> None:
    found = list(clauses("你好！" + "今天我们读一个故事。" * 30))
    assert found[0].text.endswith(("！", "。"))
    assert not any(clause.runs_on for clause in found)


texts = st.text(st.sampled_from("abñ .,;:!?¿¡…\"'1)yque。\u0301"), max_size=900).map(
    lambda text: " ".join(text.split())
)


@given(texts)
def test_pieces_keep_all_characters_and_last_one_ends(text: str) -> None:
    found = list(clauses(text))
    assert "".join("".join(clause.text.split()) for clause in found) == "".join(text.split())
    assert all(clause.text for clause in found)
    assert not found or not found[-1].runs_on


@given(
    st.one_of(
        texts,
        st.lists(st.sampled_from("sol luna mar robot que y con bailar".split()), max_size=200).map(
            " ".join
        ),
        st.text(st.sampled_from("ab\u0301"), max_size=900),
    )
)
def test_pieces_never_exceed_their_limit(text: str) -> None:
    for number, clause in enumerate(clauses(text)):
        limit = LIMITS[min(number, len(LIMITS) - 1)]
        assert len(clause.text) <= round(limit * STRETCH)
