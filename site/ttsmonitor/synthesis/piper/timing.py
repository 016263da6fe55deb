"""Find when each word of a clause begins: from the voice's durations, else by its phonemes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

SPACE = " "
VOWELS = frozenset("aeiouyɑɐɒæɛəɜɪɨɔøœʊʌʉɯɚɝ")
VOWEL, CONSONANT, PAUSE, LENGTH, GAP, STRESS = 2.0, 1.3, 4.0, 0.8, 0.5, 0.3
"""Relative lengths of phonemes, for voices that do not report them."""


@dataclass(frozen=True)
class Timing:
    """The durations of a clause that a voice is about to speak."""

    samples: int
    of_ids: Sequence[float] = ()
    """Samples of each phoneme id; empty if the voice does not report them."""


@dataclass(frozen=True)
class Place:
    """A word and the phoneme of its sentence with which it begins."""

    word: str
    phoneme: int


def places(text: str, sentences: Sequence[Sequence[str]]) -> list[list[Place]]:
    """Return for each sentence's phonemes the words of `text` that begin in them.

    A phonemizer joins some words and makes several of a number. There, each word begins with the
    phonemes at about the same relative position.
    """
    words = [word for word in text.split() if any(map(str.isalnum, word))]
    begins = [
        (number, index)
        for number, phonemes in enumerate(sentences)
        for index, phoneme in enumerate(phonemes)
        if phoneme != SPACE and (index == 0 or phonemes[index - 1] == SPACE)
    ]
    if words and begins and len(words) != len(begins):
        begins = _about(words, begins, sentences)
    found: list[list[Place]] = [[] for _sentence in sentences]
    for word, (number, index) in zip(words, begins, strict=False):
        found[number].append(Place(word, index))
    return found


def _about(
    words: Sequence[str], begins: Sequence[tuple[int, int]], sentences: Sequence[Sequence[str]]
) -> list[tuple[int, int]]:
    """Map each word to the one of `begins` at the same relative position."""
    before = list(accumulate(map(len, sentences), initial=0))
    shares = [(before[number] + index) / before[-1] for number, index in begins]
    letters = list(accumulate(map(len, words), initial=0))
    return [
        begins[min(range(len(begins)), key=lambda each: abs(shares[each] - done / letters[-1]))]
        for done in letters[:-1]
    ]


def starts(
    phonemes: Sequence[str], timing: Timing, ids_of: Callable[[str], int]
) -> Sequence[float]:
    """Return the sample at which each phoneme begins; `ids_of` gives its number of ids."""
    widths = [ids_of(phoneme) for phoneme in phonemes]
    before = len(timing.of_ids) - sum(widths) - 1  # ids of the beginning; the last is the end's
    if before >= 0:
        samples = list(accumulate(timing.of_ids, initial=0.0))
        return [samples[before + each] for each in accumulate(widths[:-1], initial=0)]
    weights = list(accumulate(map(_weight, phonemes), initial=0.0))
    scale = timing.samples / weights[-1] if weights[-1] else 0.0
    return [weight * scale for weight in weights[:-1]]


def _weight(phoneme: str) -> float:
    if phoneme == SPACE:
        return GAP
    if phoneme in "ˈˌ":
        return STRESS
    if phoneme == "ː":
        return LENGTH
    if not phoneme[:1].isalpha():
        return PAUSE if phoneme in ".,;:!?…—" else STRESS
    return VOWEL if phoneme[0] in VOWELS else CONSONANT
