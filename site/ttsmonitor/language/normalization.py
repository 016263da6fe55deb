"""Write out abbreviations, so that a dot which ends no sentence makes no pause.

A language is a module and an entry in LANGUAGES.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ttsmirror.text import language_tag
from ttsmonitor.language.english import ENGLISH
from ttsmonitor.language.language import OPENING, Language, like, previous_word
from ttsmonitor.language.spanish import SPANISH
from ttsmonitor.language.tracked_text import TrackedText

LANGUAGES = {"es": SPANISH, "en": ENGLISH}
"""By the code that a voice's language begins with."""

_RAW_PHONEMES = re.compile(r"\[{2,}|\]{2,}")
"""Piper reads text between these as phonemes; a robot's text is words."""
_ELLIPSIS = re.compile(r"\s*(?:\.*…|\.{2,})[….]*")
_DOTTED_NUMBER = re.compile(r"(?<!\S)(\d+)\.(?=\s[a-zñáéíóú])")
_WHOLE = re.compile(r"\A.+\Z", re.DOTALL)
_LETTER = r"[^\W\d_]\."
_SAYS_IT = ",;:.!?)]»”\"'’"
"""A mark that makes its own pause, or a quote or bracket before one."""
_AHEAD = re.compile(r"[)\]»”\"'’]*(?:\s+[(\[«“\"'‘]*|$)")


def _words_of_all(name: str) -> frozenset[str]:
    """Join a field of all languages: a text may quote another language than its own."""
    return frozenset(word for each in LANGUAGES.values() for word in getattr(each, name).split())


_BEFORE_NAMES = _words_of_all("before_names")
_BEFORE_LABELS = _words_of_all("before_labels")
_BEFORE_PLACES = _words_of_all("before_places")


class _Abbreviations:
    """Replaces the abbreviations of a language."""

    def __init__(self, language: Language) -> None:
        """Compile the tables of `language`."""
        self._prepare = language.prepare
        self._words = _table(language.never_end) | _table(language.may_end)
        self._may_end = frozenset(_table(language.may_end))
        self._numbered = _table(language.numbered)
        self._pattern = re.compile(
            rf"(?<![\w./@-])(?:(?P<numbered>{_any(self._numbered)})\.\s?(?=\d|(?!I\b)[IVXL]+\b)"
            rf"|(?:(?P<word>{_any(self._words)})\.|(?P<letters>(?:{_LETTER}\s?)*{_LETTER}))(?![\w@/]))"
        )

    def read(self, text: str) -> str:
        """Replace the abbreviations in `text` by words."""
        return self._pattern.sub(self._read, self._prepare(text))

    def _read(self, match: re.Match[str]) -> str:
        if match["numbered"]:
            return like(match[0], self._numbered[_key(match["numbered"])]) + " "
        if match["letters"]:
            return _letters(match)
        key = _key(match["word"])
        return like(match[0], self._words[key]) + _dot(match, key in self._may_end)


def normalize(text: str, lang: str) -> str:
    """Return `text` as a voice of language `lang` (`es`, `es-419`, `en_GB` …) should read it."""
    abbreviations = _ABBREVIATIONS.get(language_tag(lang).partition("-")[0], _NO_ABBREVIATIONS)
    text = abbreviations.read(" ".join(text.split()))
    text = _DOTTED_NUMBER.sub(r"\1", text)
    text = _RAW_PHONEMES.sub(" ", _ELLIPSIS.sub(_pause, text))
    return " ".join(text.split())


def expand(text: TrackedText, lang: str) -> TrackedText:
    """Return the text in words, as a voice of language `lang` should read it."""
    return text.sub(_WHOLE, lambda match: normalize(match[0], lang))


def _table(words: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in words.split())
    return {short: (long or short).replace("_", " ") for short, _is, long in pairs}


def _any(keys: Iterable[str]) -> str:
    """Build a pattern of `keys`.

    Keys with inner dots match as they stand, with or without a space after a dot. Others ignore
    case.
    """
    longest_first = sorted(keys, key=len, reverse=True)
    patterns = (
        key.replace(".", r"\.\s?") if "." in key else f"(?i:{key})" for key in longest_first
    )
    return "|".join(patterns) or r"(?!)"


def _key(written: str) -> str:
    key = "".join(written.split())
    return key if "." in key else key.lower()


def _dot(match: re.Match[str], before_capitals: bool) -> str:
    """Return a dot where the match ends a sentence."""
    following = _following(match)
    if match.string[match.end() :].startswith((")", "]")) and following:
        return ""
    return "." if following in "¿¡" or (before_capitals and following.isupper()) else ""


def _following(match: re.Match[str]) -> str:
    """Return the next character past quotes, brackets and spaces; empty at the end."""
    ahead = _AHEAD.match(match.string, match.end())
    start = ahead.end() if ahead else match.end()
    return match.string[start : start + 1]


def _letters(match: re.Match[str]) -> str:
    """Read initials and abbreviations of letters as letters, without their dots."""
    letters = "".join(match[0].split())[:-1]
    if len(letters) == 1 and letters.islower():
        return match[0]  # a word, or a label
    return letters + _dot(match, not _is_before_a_name(match))


def _is_before_a_name(match: re.Match[str]) -> bool:
    """As in "según J. Pérez"; not as in "el plan B. Luego"."""
    previous = previous_word(match)
    word = previous.lower()
    if word in _BEFORE_LABELS or match[0] == "I.":
        return False
    if match[0].count(".") > 1:
        return word not in _BEFORE_PLACES
    return not word or word in _BEFORE_NAMES or previous[0].isupper()


def _pause(match: re.Match[str]) -> str:
    """Replace an ellipsis: a comma where the sentence goes on, a dot where it ends."""
    before, following = match.string[: match.start()], _following(match)
    if not before.strip(OPENING) or before[-1] in "¿¡([«" or following in tuple(_SAYS_IT):
        return ""
    space = " " if match.string[match.end() :].startswith(following) and following else ""
    if before[-1] in _SAYS_IT:
        return space
    return ("." if following in "¿¡" or following.isupper() else ",") + space


_ABBREVIATIONS = {code: _Abbreviations(language) for code, language in LANGUAGES.items()}
_NO_ABBREVIATIONS = _Abbreviations(Language())
