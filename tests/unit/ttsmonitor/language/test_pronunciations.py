"""The table of pronunciations, without Django."""

import random
import time

import pytest
from hypothesis import given, strategies

from ttsmonitor.language.pronunciations import (
    Pronunciation,
    PronunciationTable,
    pronounce_words,
    words_with_phonemes,
)
from ttsmonitor.language.tracked_text import TrackedText


def said(text: str, *entries: tuple[str, str]) -> str:
    table = PronunciationTable(Pronunciation(*entry) for entry in entries)
    return pronounce_words(TrackedText.of(text), table).text


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("Moxie", "Moksi"),
        ("MOXIE!", "Moksi!"),
        ("¿moxie?", "¿moksi?"),
        ("Moxie's friend", "Moksi's friend"),
        ("Moxie’s friend", "Moksi’s friend"),
        ("Moxie-Moxie", "Moksi-Moksi"),
        ("Moxies", "Moxies"),
        ("Emoxie", "Emoxie"),
        ("moxie_1", "moxie_1"),
        ("moxie2", "moxie2"),
        ("moxie'll", "moxie'll"),
    ],
)
def test_whole_word_matches_in_any_case(written: str, heard: str) -> None:
    assert said(written, ("moxie", "moksi")) == heard


@pytest.mark.parametrize(
    ("entry", "written", "is_it"),
    [
        ("México", "mexico", True),
        ("México", "MÉXICO", True),
        ("pingüino", "pinguino", True),
        ("papa", "papá", False),
        ("año", "ano", False),
        ("ano", "año", False),
        ("México", "Me\u0301xico", False),  # the text is composed (NFC) before
        ("Me\u0301xico", "México", True),
    ],
)
def test_accent_may_be_left_out_but_not_added(entry: str, written: str, is_it: bool) -> None:
    assert (said(written, (entry, "dicho")).lower() == "dicho") is is_it


def test_exact_accent_wins_over_one_left_out() -> None:
    entries = ("papá", "papaíto"), ("papa", "patata")
    assert said("papa y papá", *entries) == "patata y papaíto"
    assert said("papa y papá", *entries[::-1]) == "patata y papaíto"


def test_longest_entry_wins() -> None:
    entries = ("dog", "perro"), ("hot dog", "jot dog"), ("hot dog stand", "puesto")
    assert said("hot dog, hot  dog stand, dog", *entries) == "jot dog, puesto, perro"
    assert said("hot dogma", *entries) == "hot dogma"


def test_entry_is_not_applied_within_a_result() -> None:
    entries = ("YouTube", "yu tub"), ("tub", "bañera"), ("Ana", "Ana María")
    assert said("YouTube y tub con Ana", *entries) == "Yu tub y bañera con Ana María"


@pytest.mark.parametrize("text", ["YouTube y tub", "Ana", "Ana María", "Moxie es Moxie"])
def test_pronouncing_twice_changes_nothing(text: str) -> None:
    entries = ("YouTube", "yu tub"), ("tub", "bañera"), ("Ana", "Ana María"), ("moxie", "moksi")
    once = said(text, *entries)
    assert said(once, *entries) == once


@given(text=strategies.text(max_size=200), word=strategies.text(min_size=1, max_size=9))
def test_any_text_and_entry_is_taken(text: str, word: str) -> None:
    table = PronunciationTable([Pronunciation(word, "dicho")])
    once = pronounce_words(TrackedText.of(text), table)
    assert len(once.text) == len(once.origins)
    assert pronounce_words(once, table).text == once.text


def test_replacement_keeps_the_place_in_the_original() -> None:
    table = PronunciationTable([Pronunciation("Oaxaca", "oajaca")])
    tracked = pronounce_words(TrackedText.of("En Oaxaca hoy"), table)
    assert tracked.text == "En Oajaca hoy"
    assert tracked.origins[3:9] == (3, 4, 5, 6, 7, 8)


def test_phonemes_are_found_for_what_is_said() -> None:
    table = PronunciationTable(
        [Pronunciation("Moxie", "moksi", "mˈɑːksi"), Pronunciation("Texas", "tejas")]
    )
    heard = pronounce_words(TrackedText.of("Moxie's in Texas."), table).text
    phonemes = table.phonemes_in(heard)
    assert phonemes == (("moksi", "mˈɑːksi"),)
    assert words_with_phonemes(heard, phonemes) == (("Moksi's", "mˈɑːksiz"),)
    assert words_with_phonemes(heard, ()) == ()


def test_five_hundred_entries_cost_far_below_a_millisecond() -> None:
    letters = random.Random(1)
    words = ["".join(letters.choices("aeiobcdlmnprst", k=7)) for _ in range(500)]
    table = PronunciationTable(Pronunciation(word, word[::-1]) for word in words)
    text = TrackedText.of((" ".join(words) + " Hola, soy Moxie y vivo en México. " * 10)[-400:])
    spent = []
    for _ in range(20):
        began = time.perf_counter()
        pronounce_words(text, table)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.001
