"""Put given phonemes into those that the phonemizer made of a text.

Piper's own `[[…]]` in a text would do that, but it loses the punctuation that follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_STRESS = frozenset("ˈˌ")
_SAME = {"β": "b", "ð": "d", "ɣ": "ɡ"}
"""Spanish consonants that depend on the word before."""


def replace_word(sentence: list[str], alone: Sequence[str], phonemes: Sequence[str]) -> list[str]:
    """Replace a word in the phonemes of a sentence.

    `alone` is how the phonemizer reads the word by itself. The word is found although it may have
    another stress within the sentence; where it is not found, the sentence stays as it is.
    """
    wanted = [_key(each) for each in alone if _sounds(each)]
    if not wanted:
        return sentence
    made: list[str] = []
    end = 0
    for start, stop in _places(sentence, wanted):
        made += [*sentence[end:start], *phonemes]
        end = stop
    return [*made, *sentence[end:]]


def _places(sentence: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where the word begins and ends, each time."""
    sounding = [index for index, each in enumerate(sentence) if _sounds(each)]
    keys = [_key(sentence[index]) for index in sounding]
    first = 0
    while first + len(wanted) <= len(keys):
        last = first + len(wanted) - 1
        start, stop = sounding[first], sounding[last] + 1
        while start and sentence[start - 1] in _STRESS:
            start -= 1
        is_whole = _is_edge(sentence, start - 1) and _is_edge(sentence, stop)
        if is_whole and keys[first : last + 1] == list(wanted):
            yield start, stop
            first = last
        first += 1


def _is_edge(sentence: Sequence[str], index: int) -> bool:
    """Return True if no phoneme of a word is there."""
    return not 0 <= index < len(sentence) or not (
        _sounds(sentence[index]) or sentence[index] in _STRESS
    )


def _sounds(phoneme: str) -> bool:
    return phoneme not in _STRESS and not phoneme.isspace() and phoneme not in ".,;:!?…—-\"'"


def _key(phoneme: str) -> str:
    return _SAME.get(phoneme, phoneme)
