"""Splitting into chunks, and reduction to speakable text."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsmirror.text import CHUNK_CHARACTERS, speakable, split_chunks

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
    ("text", "spoken"),
    [
        ("Hola, soy Moxie.", "Hola, soy Moxie."),
        ('Hola <mark name="cmd:behaviour-tree"/> amigo', "Hola amigo"),
        ('Uno<break time="1s"/>dos', "Uno, dos"),
        ('Uno.<break time="1s"/> Dos', "Uno. Dos"),
        ("**Muy** _bien_ y `código`", "Muy bien y código"),
        ("***Muy bien***", "Muy bien"),
        ("# Título\n- uno\n- dos", "Título. uno. dos"),
        ("Mira [esto](https://example.org/x)", "Mira esto"),
        ("¡Hola! 🤖👍🏽 ❤️", "¡Hola!"),
        ("a\x00b\x07c", "a b c"),
        ("silent: 3\nHola", "Hola"),
        ("animation: happy", ""),
        ("🤖🤖", ""),
        ("...", ""),
        ("3 < 4 y 5 > 2", "3 < 4 y 5 > 2"),
        ("Cuesta 5 € y hace 20 °C", "Cuesta 5 € y hace 20 °C"),
        ("nombre_de_cosa 2*3*4", "nombre_de_cosa 2*3*4"),
        ("5 * 3 son 15", "5 * 3 son 15"),
        ("¡**Hola, *amigo*!** (_tú_)", "¡Hola, amigo! (tú)"),
        ("Uno.  \r\n \n Dos", "Uno. Dos"),
    ],
)
def test_speakable_keeps_only_spoken_words(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


@given(any_text)
def test_speakable_returns_a_single_trimmed_line(text: str) -> None:
    spoken = speakable(text)
    assert "\n" not in spoken
    assert spoken == spoken.strip()


@pytest.mark.parametrize(
    "piece", ["*a ", "**a** ", "[", "[](", "<break", "<a", "\n", " ", "# ", "`"]
)
def test_speakable_handles_long_repetitions_quickly(piece: str) -> None:
    text = (piece * 65_536)[:65_536]
    words: list[str] = []
    thread = threading.Thread(target=lambda: words.append(speakable(text)), daemon=True)
    thread.start()
    # It takes a tenth of a second; a quadratic algorithm would take half a minute.
    thread.join(10)
    assert words
