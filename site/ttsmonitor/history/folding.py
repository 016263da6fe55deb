"""Words as a search takes them: no accents, no capitals, no punctuation."""

from __future__ import annotations

import functools
import re
import sqlite3
import unicodedata
from contextlib import closing

PREFIX_LETTERS = 3
"""A word of so many letters finds those that begin with it; a shorter one only itself."""

TOKENIZER = "unicode61 remove_diacritics 2"
"""What makes words of a text in SQLite's index."""
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of `text`, folded."""
    decomposed = unicodedata.normalize("NFD", text)
    plain = "".join(each for each in decomposed if unicodedata.category(each) != "Mn")
    return _WORD.findall(plain.lower())


@functools.lru_cache(maxsize=100)
def tokens(text: str) -> tuple[str, ...]:
    """The words of `text` as SQLite's index has them: other letters than Python's part them there.

    It counts newer emoji as letters; what is looked for has none.
    """
    letters = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in text)
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(f"CREATE VIRTUAL TABLE said USING fts5 (words, tokenize='{TOKENIZER}')")
        memory.execute("CREATE VIRTUAL TABLE token USING fts5vocab (said, instance)")
        memory.execute("INSERT INTO said VALUES (?)", [letters])
        return tuple(term for (term,) in memory.execute("SELECT term FROM token ORDER BY offset"))


def is_beginning(word: str) -> bool:
    """Does it find longer words too? One of two letters would find every third sentence."""
    return len(word) >= PREFIX_LETTERS
