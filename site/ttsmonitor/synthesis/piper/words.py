"""Find the phoneme with which each written word begins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate

from ttsmonitor.synthesis.piper.script import SPACE

STRESS = "ˈˌ"
_PLAIN = re.compile(r"\W*[^\W\d_]+(?:['’-][^\W\d_]+)*\W*")
"""A word of which no phonemizer makes several."""

FEW = 5
"""Words that are compared at once; more are not heard in a first block."""

Pronounce = Callable[[str], Sequence[str]]
"""Returns the phonemes of a word that stands alone."""


@dataclass(frozen=True)
class Word:
    """A word of a text."""

    text: str
    start: int
    """The place of its first character in the text."""


@dataclass(frozen=True)
class Place:
    """A word and the phoneme of its sentence with which it begins."""

    word: Word
    phoneme: int


def words_of(text: str) -> list[Word]:
    """Return the words of a text that are spoken."""
    return [
        Word(match[0], match.start())
        for match in re.finditer(r"\S+", text)
        if any(map(str.isalnum, match[0]))
    ]


class Words:
    """The words of a text, and where each begins in its phonemes."""

    def __init__(self, text: str, sentences: Sequence[Sequence[str]], pronounce: Pronounce) -> None:
        """Take a text, the phonemes of its sentences, and how a word alone is pronounced."""
        self._words = words_of(text)
        self._sentences = sentences
        self._pronounce = pronounce
        self._begins = _begins(sentences)
        self._is_known = len(self._words) == len(self._begins) and all(
            _PLAIN.fullmatch(word.text) for word in self._words
        )

    def places(self, number: int, *, at_once: bool = False) -> list[Place]:
        """Return the words that begin in sentence `number`.

        A phonemizer joins some words and makes several of a number or an abbreviation. There, the
        phonemes are compared with those of each word alone. This takes some milliseconds:
        `at_once` it is only told where the first few words begin.
        """
        begins = self._begins
        if not self._is_known:
            few = self._words[:FEW] if at_once else self._words
            begins = list(_compared(few, self._sentences, self._pronounce))
            if len(few) < len(self._words):
                begins = begins[:-1]  # the next word's phonemes are not known
            else:
                self._begins, self._is_known = begins, True
        return [
            Place(word, phoneme)
            for word, (sentence, phoneme) in zip(self._words, begins, strict=False)
            if sentence == number
        ]


def _begins(sentences: Sequence[Sequence[str]]) -> list[tuple[int, int]]:
    """Return the sentence and the phoneme at which each group of phonemes begins."""
    return [
        (number, index)
        for number, phonemes in enumerate(sentences)
        for index, phoneme in enumerate(phonemes)
        if phoneme != SPACE and (index == 0 or phonemes[index - 1] == SPACE)
    ]


def _compared(
    words: Sequence[Word], sentences: Sequence[Sequence[str]], pronounce: Pronounce
) -> Iterator[tuple[int, int]]:
    """Yield the sentence and the phoneme with which each word begins."""
    spoken = [
        (number, index, phoneme)
        for number, phonemes in enumerate(sentences)
        for index, phoneme in enumerate(phonemes)
        if is_sound(phoneme)
    ]
    if not spoken:
        return
    alone = [[each for each in pronounce(word.text) if is_sound(each)] for word in words]
    spoken = spoken[: 2 * sum(map(len, alone))]
    matcher = SequenceMatcher(
        None,
        [phoneme for phonemes in alone for phoneme in phonemes],
        [phoneme for _number, _index, phoneme in spoken],
        autojunk=False,
    )
    known = {
        block.a + each: block.b + each
        for block in matcher.get_matching_blocks()
        for each in range(block.size)
    }
    least = 0  # where the next word may begin
    starts = accumulate(map(len, alone), initial=0)
    for start, phonemes in zip(starts, alone, strict=False):
        matched = [each for each in range(start, start + len(phonemes)) if each in known]
        at = known[matched[0]] - (matched[0] - start) if matched else least
        at = min(max(at, least), len(spoken) - 1)
        number, index, _phoneme = spoken[at]
        yield number, _with_stress(sentences[number], index)
        least = known[matched[-1]] + 1 if matched else at + len(phonemes)


def is_sound(phoneme: str) -> bool:
    """Return True if it is a phoneme proper: no space, stress or punctuation."""
    return phoneme != SPACE and phoneme not in STRESS and phoneme[:1].isalpha()


def _with_stress(phonemes: Sequence[str], index: int) -> int:
    """Return the phoneme at `index`, or the stress mark before it."""
    while index and phonemes[index - 1] in STRESS:
        index -= 1
    return index
