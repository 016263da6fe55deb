"""Word times and loudness levels of an utterance."""

from __future__ import annotations

import numpy as np
import pytest

from ttsmonitor.audio.timeline import BLOCKS_KEPT, Alignment, Timeline
from ttsmonitor.synthesis.base import Block, Mark

RATE = 20_000


def sound(seconds: float, loudness: float = 0.1, *marks: Mark) -> Block:
    samples = np.full(round(seconds * RATE), loudness * 32_768).astype("<i2")
    return Block(samples.tobytes(), RATE, marks)


def aligned(text: str, spoken: str) -> list[str | None]:
    """Return the index of the text word aligned with each spoken word."""
    alignment = Alignment()
    alignment.read(text)
    numbers = [alignment.find(word) for word in spoken.split()]
    return [None if number is None else text.split()[number] for number in numbers]


@pytest.mark.parametrize(
    ("text", "spoken", "lit"),
    [
        ("¡Hola, amigo!", "Hola amigo", "¡Hola, amigo!"),
        ("El Sr. García llegó", "El señor García llegó", "El Sr. García llegó"),
        ("¡Sí! 🎉 — **claro** que sí", "Sí claro que sí", "¡Sí! **claro** que sí"),
        ("la la la", "la la la", "la la la"),
        ("cuesta 2 € hoy", "cuesta dos euros hoy", "cuesta 2 2 hoy"),
    ],
)
def test_spoken_words_are_aligned_with_the_text(text: str, spoken: str, lit: str) -> None:
    assert aligned(text, spoken) == lit.split()


def test_markup_between_two_words_is_stepped_over() -> None:
    tag = '<mark name="cmd:behaviour-tree,data:{+transition+:0.5}" a b c d e f g h i j/>'
    assert aligned(f"Hola {tag} dragones", "Hola dragones") == ["Hola", "dragones"]


def test_text_without_letters_is_not_highlighted() -> None:
    assert aligned("🎉 …", "hola") == [None]
    assert aligned("Hola", "…") == [None]


def test_words_are_reported_once_while_text_grows() -> None:
    timeline = Timeline()
    timeline.add(0.0, sound(0.2, 0.1, Mark("Hola", 0.01), Mark("Moxie", 0.3)))
    assert timeline.words("Hola, Moxie.") == [(0.01, 0), (0.3, 1)]
    timeline.add(0.5, sound(0.2, 0.1, Mark("Qué", 0.1)))
    assert timeline.words("Hola, Moxie. ¿Qué tal?", known=2) == [(0.6, 2)]
    assert len(timeline.words("Hola, Moxie. ¿Qué tal?")) == 3


def test_levels_are_independent_of_block_sizes() -> None:
    timeline = Timeline()
    begin = 0.0
    for seconds, loudness in ((0.03, 0.0), (0.07, 0.0), (0.1, 0.3), (0.025, 0.9)):
        timeline.add(begin, sound(seconds, loudness))
        begin += seconds
    assert timeline.levels() == (0, [0, 0, 100, 100])
    timeline.add(begin, sound(0.025, 0.0))
    first, (level,) = timeline.levels(known=4)
    assert first == 4 and level == 100, "half of it is as loud as can be"
    assert timeline.levels(known=5) == (5, [])


def test_unread_levels_are_bounded_and_keep_their_index() -> None:
    timeline = Timeline()
    for number in range(10 * BLOCKS_KEPT):
        timeline.add(number * 0.1, sound(0.1, 0.1))
    first, levels = timeline.levels()
    assert first == 9 * BLOCKS_KEPT * 2
    assert len(levels) == BLOCKS_KEPT * 2
