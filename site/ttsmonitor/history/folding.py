"""Words as a search takes them: no accents, no capitals, no punctuation."""

from __future__ import annotations

import re
import unicodedata

PREFIX_LETTERS = 3
"""A word of so many letters finds those that begin with it; a shorter one only itself."""

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of `text`, folded."""
    decomposed = unicodedata.normalize("NFD", text)
    plain = "".join(each for each in decomposed if unicodedata.category(each) != "Mn")
    return _WORD.findall(plain.lower())


def is_beginning(word: str) -> bool:
    """Does it find longer words too? One of two letters would find every third sentence."""
    return len(word) >= PREFIX_LETTERS
