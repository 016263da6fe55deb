"""Words that are not said as the rules of their language say: a table per language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ttsmonitor.language.abbreviations import like
from ttsmonitor.language.tracked_text import TrackedText

_LEFT_OUT = re.compile("(?<=[aeiou])[\u0301\u0308]")
"""Accents that people leave out when they type. The tilde of ñ makes another letter."""
_ACCENTS = "\u0300-\u036f"
_BEGIN = rf"(?<![\w{_ACCENTS}])"
_END = rf"(?![\w{_ACCENTS}]|['’](?!s\b)\w)"
"""A word ends before `'s`, but not within `don't`."""
_VOICELESS, _HISSING = tuple("ptkfθ"), tuple("szʃʒ")

_Tree = dict[str, "_Tree"]
Phonemes = tuple[tuple[str, str], ...]
"""Words as they stand in a text, folded, and their phonemes in IPA."""


@dataclass(frozen=True)
class Pronunciation:
    """How a word, or several in a row, is said."""

    written: str
    said: str
    """In letters that any engine reads right, as in `méjico`."""
    phonemes: str = ""
    """In IPA, for engines that take it; empty: `said` is enough."""


class PronunciationTable:
    """The pronunciations of one language, compiled. It never changes; any thread may use it."""

    def __init__(self, entries: Iterable[Pronunciation] = ()) -> None:
        """Compile `entries`; of two for the same word the last one counts."""
        known = {fold(each.written): each for each in entries if each.written.strip()}
        self._said = {key: entry.said for key, entry in known.items()}
        for key, entry in known.items():
            self._said.setdefault(_without_accents(key), entry.said)
        results = {fold(said) for said in self._said.values()}
        # Results are matched too, and kept, so that no entry is applied within one.
        self._words = _pattern(results | self._said.keys())
        self._phonemes = {
            fold(entry.said): unicodedata.normalize("NFD", entry.phonemes)
            for entry in known.values()
            if entry.phonemes
        }
        self._with_phonemes = _pattern(self._phonemes)

    def said(self, match: re.Match[str]) -> str:
        """Return how a match of the table's words is said."""
        said = self._said.get(fold(match[0]))
        return match[0] if said is None else like(match[0], said)

    def pronounce(self, text: TrackedText) -> TrackedText:
        """Replace the words of the table by how they are said."""
        return text.sub(self._words, self.said)

    def phonemes_in(self, text: str) -> Phonemes:
        """Return the words of `text`, which pronounce() left, whose phonemes are known."""
        found = dict.fromkeys(fold(match[0]) for match in self._with_phonemes.finditer(text))
        return tuple((word, self._phonemes[word]) for word in found if word in self._phonemes)


def pronounce_words(text: TrackedText, table: PronunciationTable) -> TrackedText:
    """Replace the words of `table` in `text` by how they are said, the longest first.

    Words match in any case, and without the accents of their entry. What was replaced once stays
    as it is.
    """
    return table.pronounce(text)


def words_with_phonemes(text: str, phonemes: Phonemes) -> Phonemes:
    """Return the words as they stand in `text`, with an English `'s`, and their phonemes."""
    if not phonemes:
        return ()
    by_word = dict(phonemes)
    pattern = re.compile(rf"(?P<word>{_pattern(by_word).pattern})(?P<s>['’]s\b)?", re.IGNORECASE)
    found: dict[str, str] = {}
    for match in pattern.finditer(text):
        known = by_word.get(fold(match["word"]))
        if known is not None:
            found[match[0]] = known + (_genitive(known) if match["s"] else "")
    return tuple(found.items())


def fold(words: str) -> str:
    """Return the form in which words are compared: lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", words).lower().split())


def _genitive(phonemes: str) -> str:
    """Return how English says `'s` after a word."""
    if phonemes.endswith(_HISSING):
        return "ɪz"
    return "s" if phonemes.endswith(_VOICELESS) else "z"


def _without_accents(folded: str) -> str:
    bare = _LEFT_OUT.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", bare)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Compile a pattern of whole words that tries the longest first.

    It is a tree of letters: of a thousand words it looks at the few that go on as the text does.
    """
    tree: _Tree = {}
    for word in words:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return re.compile(rf"{_BEGIN}{_alternatives(tree)}{_END}", re.IGNORECASE)


def _alternatives(tree: _Tree) -> str:
    """Return a pattern of the words below a node; of no word where it is empty."""
    branches = []
    for letter, below in tree.items():
        if letter:
            own = r"\s+" if letter == " " else re.escape(letter)
            branches.append(own + _alternatives(below) if below != {"": {}} else own)
    if not branches:
        return "(?!)"
    return f"(?:{'|'.join(branches)})" + ("?" if "" in tree else "")


NO_PRONUNCIATIONS = PronunciationTable()
"""The table of a language without entries."""
