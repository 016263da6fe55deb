"""When a word begins in what a voice makes of a clause."""

from __future__ import annotations

import pytest

from ttsmonitor.synthesis.piper.timing import Timing, places, starts


def begins(text: str, *sentences: str) -> list[list[tuple[str, int]]]:
    found = places(text, [list(each) for each in sentences])
    return [[(place.word, place.phoneme) for place in sentence] for sentence in found]


def test_words_begin_at_their_phonemes() -> None:
    assert begins("Hola, amigo.", "ola, amiɣo.") == [[("Hola,", 0), ("amigo.", 5)]]
    assert begins("¡Sí! — Ya voy.", "si!", "ʝa βoj.") == [
        [("¡Sí!", 0)],
        [("Ya", 0), ("voy.", 3)],
    ]


def test_joined_words_keep_separate_times() -> None:
    ((first, *_between, last),) = begins("la casa de la abuela", "lakasa dela aβwela")
    assert first == ("la", 0)
    assert last == ("abuela", 12)
    assert begins("", "a") == [[]]
    assert begins("hola", "") == [[]]


def test_lengths_reported_by_the_voice_are_used() -> None:
    phonemes = list("ab c")
    # beginning, its pad, then two of each phoneme, and the end
    timing = Timing(100, [5, 5, 10, 1, 20, 2, 3, 4, 40, 5, 5])
    assert starts(phonemes, timing, lambda phoneme: 2) == [10, 21, 43, 50]
    unknown = starts(phonemes, timing, lambda phoneme: 0 if phoneme == "b" else 2)
    assert len(unknown) == 4


def test_estimated_vowels_and_pauses_take_longer() -> None:
    found = starts(list("ka,ta"), Timing(1_000), lambda phoneme: 2)
    lengths = [end - start for start, end in zip(found, [*found[1:], 1_000], strict=True)]
    assert lengths[2] > lengths[1] > lengths[0] > 0
    assert sum(lengths) == pytest.approx(1_000)
