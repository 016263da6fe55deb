"""Properties of the words of any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsmonitor.language.normalization import expand
from ttsmonitor.language.tracked_text import TrackedText

LANGUAGES = st.sampled_from(["es", "es-MX", "en", "en-GB"])
PARTS = (
    "km kg °C 1/2 ½ 3er XXI Felipe VI siglo USB 12/10/2025 9:00 a.m. p. m. h € $ US$ Sr. p. ej. n.º"
    " pág. EE. UU. - – m² /h tazas oct de mayo 2024 lun. 1 21 200 mil niñas & MP3 D. st th am 's"
    " World War Henry cup Jan lb ft 5'10\" # @ana ~ 24/7 , . : ² ( ) x = 007 192.168.1.1 +34"
).split()
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text("0123456789.,:/-+ °ºª€$%²½XVIaA'\"", max_size=40),
    st.lists(st.sampled_from(PARTS), max_size=9).map(" ".join),
    st.lists(st.sampled_from(PARTS), max_size=6).map("".join),
)


def words(text: str, lang: str) -> str:
    return expand(TrackedText.of(text), lang).text


@given(TEXTS, LANGUAGES)
def test_no_digit_is_left_and_words_are_bounded(text: str, lang: str) -> None:
    said = words(text, lang)
    assert not any(character.isdigit() for character in said)
    assert len(said) <= 10 * len(text)


@given(st.lists(st.sampled_from(PARTS), min_size=4, max_size=9).map(" ".join), LANGUAGES)
def test_words_stay_the_same_when_expanded_again(text: str, lang: str) -> None:
    said = words(text, lang)
    assert words(said, lang) == said


@given(TEXTS, LANGUAGES)
def test_every_word_keeps_a_place_in_the_text(text: str, lang: str) -> None:
    tracked = expand(TrackedText.of(text), lang)
    assert len(tracked.origins) == len(tracked.text)
    assert list(tracked.origins) == sorted(tracked.origins)
    assert all(0 <= origin < len(text) for origin in tracked.origins)


def test_date_stands_for_its_digits() -> None:
    tracked = expand(TrackedText.of("El 12/10/2025 juego."), "es")
    assert tracked.text == "El doce de octubre de dos mil veinticinco juego."
    assert tracked.origins[3] == 3
    assert tracked.origins[-6:] == (14, 15, 16, 17, 18, 19)


def test_text_of_another_language_keeps_its_digits() -> None:
    assert words("Es sind 21 Bälle um 9:00.", "de") == "Es sind 21 Bälle um 9:00."


@pytest.mark.parametrize("lang", ["es", "en"])
@pytest.mark.parametrize(
    "part", ["1", "a.", "A", "(", "-", "1.", "/", "<", "AB ", "palabra ", " ", "IV", "9" * 15 + "."]
)
def test_hostile_text_takes_no_longer_than_its_length(part: str, lang: str) -> None:
    """Compare with half the length: a pattern that looks back without a bound takes four times."""

    def seconds(length: int) -> float:
        text = TrackedText.of((part * length)[:length])
        best = []
        for _ in range(3):
            start = time.thread_time()
            expand(text, lang)
            best.append(time.thread_time() - start)
        return min(best)

    assert seconds(20_000) < 3 * seconds(10_000) + 0.01
