"""A text is split into its sentences, and a sentence is split no further."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsmonitor.language.normalization import normalize
from ttsmonitor.synthesis.sentences import Sentence, sentences

MOST = 400
LONG = " y luego seguimos hablando de otras cosas bonitas un buen rato más esta tarde"


def pieces(text: str, lang: str = "es") -> list[str]:
    """Return the sentences of `text`, as the engine makes them."""
    return [each.text for each in sentences(normalize(text, lang), MOST)]


@pytest.mark.parametrize(
    "text",
    [
        "Hola.",
        "Hola, soy Moxie.",
        "¿Qué tal estás hoy, amiguito?",
        "Hola — dijo el robot que quería aprender a bailar con sus amigos",
        "El pequeño robot quería bailar, pero nadie le hacía caso; así que cantó, y muy bien.",
    ],
)
def test_sentence_stays_whole(text: str) -> None:
    assert pieces(text) == [text]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("¡Muy bien! ¿Jugamos?", "¡Muy bien!"),
        ("No. No quiero ir a la cama tan pronto esta noche, mamá bonita.", "No."),
        ("Es el plan B. Luego veremos qué hacemos con el otro plan que teníamos.", "Es el plan B."),
        ("«Bien.» Ahora vamos a leer un cuento muy bonito sobre un robot.", "«Bien.»"),
    ],
)
def test_text_is_split_between_sentences(text: str, first: str) -> None:
    one, other = sentences(text, MOST)
    assert one.text == first
    assert text[other.start :] == other.text


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
def test_what_looks_like_an_end_is_none(lang: str, whole: str) -> None:
    text = normalize(whole + LONG, lang)
    first, *_others = sentences(text, MOST)
    assert len(first.text) > len(normalize(whole, lang))


def test_sentence_that_is_too_long_is_cut_at_a_pause() -> None:
    text = ", ".join(["un robot que quería aprender a bailar con sus amigos del bosque"] * 9)
    first, *others = sentences(text, MOST)
    assert first.text.endswith(",") and len(first.text) > MOST / 2
    assert others


def test_sentence_without_any_pause_is_cut_between_words() -> None:
    text = "un robot que quería aprender a bailar " * 20
    for sentence in sentences(text, MOST):
        assert len(sentence.text) <= MOST
        assert text[sentence.start + len(sentence.text)] == " "


def test_word_that_is_too_long_is_not_cut_before_an_accent() -> None:
    accented = unicodedata.normalize("NFD", "é")
    found = list(sentences(accented * 400, 101))
    assert len(found) > 2
    assert all(each.text == accented * (len(each.text) // 2) for each in found)


def test_full_width_stop_needs_no_space() -> None:
    first, second = sentences("你好！今天我们读一个故事。", MOST)
    assert (first.text, second) == ("你好！", Sentence("今天我们读一个故事。", 3))


texts = st.text(st.sampled_from("abñ .,;:!?¿¡…\"'1)yque。\u0301"), max_size=900).map(
    lambda text: " ".join(text.split())
)


@given(texts, st.integers(min_value=10, max_value=MOST))
def test_no_character_is_lost_and_each_keeps_its_place(text: str, most: int) -> None:
    found = list(sentences(text, most))
    assert "".join("".join(each.text.split()) for each in found) == "".join(text.split())
    for each in found:
        assert each.text and len(each.text) <= most
        assert text[each.start :].startswith(each.text)
