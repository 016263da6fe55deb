"""Splitting text into sentences, also while it is being written."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsmonitor.language.sentences import LONGEST, Sentences, split_sentences


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
        ("Viven en EE. UU. desde ayer. Ya", ["Viven en EE. UU. desde ayer. "]),
        ("Viven en EE. UU. Luego vuelven", ["Viven en EE. UU. "]),
        ("Frutas, p. ej. peras, pág. 3. Ya", ["Frutas, p. ej. peras, pág. 3. "]),
        ("Mr. Fox and Dr. Who. Yes", ["Mr. Fox and Dr. Who. "]),
        ("Dijo «ven.» Y vino", ["Dijo «ven.» "]),
        ("1. Uno\n2. Dos\n", ["1. Uno\n", "2. Dos\n"]),
        ("Ganamos 3. ellos 2. Fin", ["Ganamos 3. ", "ellos 2. "]),
        ("Sí.Vamos.Ya.Fin", ["Sí.", "Vamos.", "Ya."]),
        ("El Sr.López", []),
        ("Hola.¿Qué tal?¡Bien! Ya", ["Hola.", "¿Qué tal?", "¡Bien! "]),
        ("Hola.Adiós. Ya", ["Hola.", "Adiós. "]),
        ("Mira es.wikipedia.org ahora. Ya", ["Mira es.wikipedia.org ahora. "]),
        ("«¿Sí?» preguntó Ana. Ya", ["«¿Sí?» preguntó Ana. "]),
        ("«¿Sí?» Preguntó. Ya", ["«¿Sí?» ", "Preguntó. "]),
        ("https://a.es/b?c=1. Ya", ["https://a.es/b?c=1. "]),
        ("Pasos: 1. Corta. 2. Pega. Ya", ["Pasos: 1. Corta. ", "2. Pega. "]),
        ("😀 ¡Hola! Ya", ["😀 ¡Hola! "]),
        ("**Hola.** Ya", ["**Hola.** "]),
        ("Espera… No. ", ["Espera… ", "No. "]),
        ("Hmm… vale. Ya", ["Hmm… vale. "]),
        ("2 < 3. Sí", ["2 < 3. "]),
        ("你好。再见！好", ["你好。", "再见！"]),
        (
            "<think>Qué digo. A ver.</think>\n\nHola. Ya",
            ["<think>Qué digo. A ver.</think>\n\nHola. "],
        ),
        ("<Thinking a='b>c'>A. B.</THINKING>Sí. Ya", ["<Thinking a='b>c'>A. B.</THINKING>Sí. "]),
        ("Mira:```py\na. b\n```Eso. Ya", ["Mira:```py\na. b\n```Eso. "]),
        ("<tool_call>{a. B}</tool_call>Ya. Ya", ["<tool_call>{a. B}</tool_call>Ya. "]),
        ('<mark name="a. b! c"/>Hola. Ya', ['<mark name="a. b! c"/>Hola. ']),
        ("Bien. <think>No. Sí.", ["Bien. "]),
    ],
)
def test_sentences_are_split_at_their_ends(text: str, expected: list[str]) -> None:
    assert fed(text)[0] == expected
    assert fed(*text)[0] == expected, "letter by letter"


def test_whole_text_is_split_with_its_last_sentence() -> None:
    assert split_sentences("Uno. Dos") == ["Uno. ", "Dos"]
    assert split_sentences("Uno. ") == ["Uno. "]
    assert split_sentences("") == []


@pytest.mark.parametrize("rest", ["Sr.", "1.", "Hola <mar", "Hola.<", "a &am", "<think>Sí.", "J."])
def test_unfinished_words_do_not_look_complete(rest: str) -> None:
    sentences = Sentences()
    sentences.feed(rest)
    assert not sentences.looks_complete
    assert sentences.flush() == rest


def test_finished_sentence_looks_complete_at_once() -> None:
    sentences = Sentences()
    sentences.feed("Nació en 2019.")
    assert sentences.looks_complete


def test_text_without_an_end_is_cut_between_words() -> None:
    found, rest = fed(*("palabra " * 300))
    assert found and all(len(each) <= LONGEST and each.endswith(" ") for each in found)
    assert "".join(found) + rest == "palabra " * 300


@given(st.text("ab .!?¿\n…*😀3<>/`[&tT;hink", max_size=80), st.integers(1, 7))
def test_split_sentences_join_to_the_original_text(text: str, step: int) -> None:
    found, rest = fed(*(text[start : start + step] for start in range(0, len(text), step)))
    assert "".join(found) + rest == text


@pytest.mark.parametrize("piece", ["a. ", "Sr. ", "! ", "<a. ", "<think>", "[INST]", "``", "1. "])
def test_hostile_text_is_split_quickly(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    begin = time.process_time()
    split_sentences(text)
    assert time.process_time() - begin < 0.5, "a quadratic algorithm takes many seconds"
