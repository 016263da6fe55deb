"""Estimate when each phoneme begins, for voices that do not tell how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from ttsmonitor.synthesis.piper.script import SPACE

VOWELS = frozenset("aeiouyɑɐɒæɛəɜɪɨɔøœʊʌʉɯɚɝ")
VOWEL, CONSONANT, PAUSE, LENGTH, GAP, STRESS = 2.0, 1.3, 4.0, 0.8, 0.5, 0.3
"""How long a phoneme takes, compared with others."""


def estimated_begins(phonemes: Sequence[str], samples: int) -> list[float]:
    """Return the sample at which each phoneme begins in a sentence of so many samples."""
    weights = list(accumulate(map(_weight, phonemes), initial=0.0))
    scale = samples / weights[-1] if weights[-1] else 0.0
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
