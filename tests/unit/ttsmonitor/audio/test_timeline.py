"""Word times and loudness levels of an utterance."""

from __future__ import annotations

import numpy as np

from ttsmonitor.audio.timeline import BLOCKS_KEPT, Timeline
from ttsmonitor.synthesis.base import Block, Mark

RATE = 20_000


def sound(seconds: float, loudness: float = 0.1, *marks: Mark) -> Block:
    samples = np.full(round(seconds * RATE), loudness * 32_768).astype("<i2")
    return Block(samples.tobytes(), RATE, marks)


def test_word_of_the_written_text_is_lit_by_its_place() -> None:
    text = 'Nació\nel 12/10/2025,  "aquí".'
    places = {"Nació": 0, "doce": 9, "octubre": 9, "veinticinco": 18, "aquí": 22, "aqui": 23}
    timeline = Timeline()
    marks = [Mark(word, 0.1, place) for word, place in places.items()]
    timeline.add(0.0, sound(0.2, 0.1, *marks, Mark("unplaced", 0.2)))
    lit = [text.split()[number] for _seconds, number in timeline.words(text)]
    assert lit == ["Nació", "12/10/2025,", "12/10/2025,", "12/10/2025,", '"aquí".', '"aquí".']


def test_text_without_words_is_not_highlighted() -> None:
    timeline = Timeline()
    timeline.add(0.0, sound(0.2, 0.1, Mark("hola", 0.1, 0)))
    assert timeline.words(" \n") == []


def test_words_are_reported_once_while_text_grows() -> None:
    timeline = Timeline()
    timeline.add(0.0, sound(0.2, 0.1, Mark("Hola", 0.01, 0), Mark("Moxie", 0.3, 6)))
    assert timeline.words("Hola, Moxie.") == [(0.01, 0), (0.3, 1)]
    timeline.add(0.5, sound(0.2, 0.1, Mark("Qué", 0.1, 14)))
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
