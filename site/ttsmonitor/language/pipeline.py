"""From what is written to what is said: the same words for every engine.

The steps, in order: usual characters, debris out, cut at pauses, then for each phrase links,
sounds, numbers and abbreviations into words, and last the table of pronunciations. A step takes a
TrackedText and returns one.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ttsmirror.text import NOT_SPEECH, language_tag
from ttsmonitor.language.debris import without_debris, without_speaker
from ttsmonitor.language.emoticons import without_emoticons
from ttsmonitor.language.formulas import without_formula_marks
from ttsmonitor.language.interjections import with_spoken_sounds
from ttsmonitor.language.links import with_spoken_links
from ttsmonitor.language.markdown import without_autolinks, without_markdown
from ttsmonitor.language.normalization import expand
from ttsmonitor.language.pauses import LINE_SECONDS, Phrase, capital, in_phrases
from ttsmonitor.language.pronunciations import (
    NO_PRONUNCIATIONS,
    PronunciationTable,
    pronounce_words,
)
from ttsmonitor.language.sentences import ABBREVIATIONS
from ttsmonitor.language.tracked_text import Replacement, TrackedText
from ttsmonitor.language.unicode_text import with_usual_characters

_WORDS_KEPT = 32
"""Texts whose words are kept: each is asked for on several steps to the first sound."""
_SPACES = re.compile(r"[ \t\r\n]{2,}|[\t\r\n]")
_ANY_SPACES = re.compile(r"\s{2,}|[^\S ]")
_BEFORE_MARK = re.compile(r" +(?=[,;!?…]|\.(?!\w)|:(?! \d))")
_LONE_MARKS = re.compile(r"(?<=[.!?…,;:])(?:\s+[.,;:]|(?<=[,;:])[.,;:])+(?=\s|\Z)")
"""Repeated marks, left behind by a word that was removed."""
_REPEATED_MARKS = re.compile(r"(?<=[.!?…,;:])(?:\s*[.,;:])+")
_OPENING_COMMA = re.compile(r"\A[\s,.;:!?…)\]»”]+(?=[^\s,.;:!?…)\]»”])")
_OPENING_DASH = re.compile(r"\A(?:-+(?!\d)\s*)+")
_NO_SPACE = re.compile(
    r"(?<=[^\W\d_])(?P<comma>[,;])(?=[^\W\d_])"
    r"|(?P<end>(?<=[^\W\d_])[.…](?=[¿¡])|(?<=[^\W\d_][a-zñáéíóú])\.(?=[A-ZÁÉÍÓÚÑ][a-zñáéíóú])"
    r"|[!?](?=[^\W\d_]|[¿¡]))"
)
_NEW_SENTENCE = re.compile(
    r"(?P<word>[^\W\d_]{3,40})(?P<end>\.[\"'”’»)]{0,3} +)(?P<first>[^\W\d_])"
)
_FIRST_LETTER = re.compile(r"\A[^\W\d_]")
_INLINE_NUMBER = re.compile(r"(?<=[:;.!?] )(\d{1,2})\.(?= +[^\W\d_])")
"""The number of an item in a line, as in `Pasos: 1. Corta.`, which does not stop either."""
_AFTER_NUMBER = re.compile(r"(?<=[^\W\d_] )(?P<word>\d+)(?P<end>\. +)(?P<first>[^\W\d_])")
_SPOKEN_SYMBOLS = frozenset("°%&+=€$£¥@")
_UNSPOKEN_MARKS = frozenset("#*_~^|\\<>{}[]`")
_NO_ENTITY = re.compile(r"&(?=[#\w])")
_SIGNS = re.compile(r"[^\w\s.,;:!?¡¿…'’‘\"“”«»()–—-]")
"""Nothing is left to be put into words where a text has none of these."""
_MIXED = re.compile(r"\d[,;]?[^\W\d_]|[^\W\d_]\d|[\d\w][²³ªº]\w")
"""Letters and digits without a space, where words may appear once the digits are words."""
_PASSES = 3
_LEADING_SLASH = re.compile(r"(?<![\w)€$£¥%°])(?<![\d°º] )(?<!\w\.)/+")
_SLASH = re.compile(r"(?<!\d)/|/(?!\d)")


@dataclass(frozen=True)
class Pause:
    """Silence in a spoken text."""

    offset: int
    """It comes before this character."""
    seconds: float


@dataclass(frozen=True)
class SpokenText:
    """The words that a voice reads for a written text: one line, with its pauses."""

    text: str
    origins: tuple[int, ...] = ()
    """For each character, the place in the written text that it stands for."""
    pauses: tuple[Pause, ...] = ()

    def place_of(self, offset: int) -> int:
        """Return the place in the written text for an offset into this one."""
        if not self.origins:
            return 0
        return self.origins[min(max(offset, 0), len(self.origins) - 1)]


@functools.lru_cache(maxsize=_WORDS_KEPT)
def spoken_text(
    written: str, lang: str, table: PronunciationTable = NO_PRONUNCIATIONS
) -> SpokenText:
    """Return what a voice of language `lang` (`es`, `es-419`, `en_GB` …) says for `written`."""
    code = language_tag(lang).partition("-")[0]
    return _joined(
        Phrase(pronounce_words(_in_words(phrase.text, lang, code), table), phrase.pause_seconds)
        for phrase in in_phrases(_without_marks(written))
    )


def plain_text(written: str) -> str:
    """Return the words of a text as they are written, on one line; empty if there are none."""
    spoken = _joined(
        Phrase(_tidy(phrase.text), phrase.pause_seconds)
        for phrase in in_phrases(_without_marks(written))
    )
    return spoken.text


def _without_marks(written: str) -> TrackedText:
    text = with_usual_characters(TrackedText.of(written))
    text = without_debris(text.sub(NOT_SPEECH, "") if ":" in text.text else text)
    text = without_emoticons(without_formula_marks(text))
    return without_markdown(without_autolinks(text) if "<" in text.text else text)


def _in_words(text: TrackedText, lang: str, code: str) -> TrackedText:
    """Return a phrase as an engine gets it; again where a sign was left that meant something."""
    for _ in range(_PASSES):
        if not _has_words(text.text):
            return text[:0]
        is_mixed = _MIXED.search(text.text)
        expanded = _expanded(text, lang, code)
        text = _finished(expanded.translate(_spoken))
        if not (is_mixed or _SIGNS.search(expanded.text)):
            break
    return text


def _expanded(text: TrackedText, lang: str, code: str) -> TrackedText:
    """Replace addresses, sounds, numbers and abbreviations by words."""
    text = _tidy(with_spoken_links(text, code)).sub(_OPENING_COMMA, "")
    text = text.sub(_OPENING_DASH, "").sub(_NO_SPACE, _with_space)
    text = text.sub(_LEADING_SLASH, " ") if "/" in text.text else text
    text = with_spoken_sounds(text, code).sub(_LONE_MARKS, "")
    text = text.sub(_INLINE_NUMBER, r"\1,").sub(_AFTER_NUMBER, _with_capital)
    return expand(text, lang)


def _tidy(text: TrackedText) -> TrackedText:
    """Take out what a line does not need; a space that may not be broken stays."""
    return text.sub(_SPACES, " ").sub(_BEFORE_MARK, "").strip()


def _finished(text: TrackedText) -> TrackedText:
    """Return the line as an engine gets it."""
    if "/" in text.text:
        text = text.sub(_SLASH, " ")
    for pattern, replacement in _FINISHING:
        text = text.sub(pattern, replacement)
    text = text.strip()
    return text if _has_words(text.text) else text[:0]


def _with_space(match: re.Match[str]) -> str:
    return f"{match[0]} "


def _with_capital(match: re.Match[str]) -> str:
    """Begin a sentence with a capital letter: without one, eSpeak NG's rules make no pause."""
    if match["word"].lower() in ABBREVIATIONS:
        return match[0]
    return match["word"] + match["end"] + capital(match["first"])


_FINISHING: tuple[tuple[re.Pattern[str], Replacement], ...] = (
    (_NO_ENTITY, "& "),
    (_ANY_SPACES, " "),
    (_BEFORE_MARK, ""),
    (_REPEATED_MARKS, ""),
    (_NO_SPACE, _with_space),
    (_OPENING_COMMA, ""),
    (_OPENING_DASH, ""),
    (_NEW_SENTENCE, _with_capital),
)
"""The last replacements before a line goes to an engine."""


@functools.lru_cache(maxsize=4096)
def _spoken(character: str) -> str:
    """Return the character, or a space for what no voice says."""
    if character.isalnum() or character in _SPOKEN_SYMBOLS:
        return character
    if character in _UNSPOKEN_MARKS or unicodedata.category(character)[0] in "SC":
        return " "
    return character


def _joined(phrases: Iterable[Phrase]) -> SpokenText:
    pieces: list[str] = []
    origins: list[int] = []
    pauses: list[Pause] = []
    for text, seconds in _with_pauses(phrases):
        if text is not None:
            if origins:
                text = (
                    text.sub(_FIRST_LETTER, lambda match: capital(match[0]))
                    if pieces[-1][-1] in ".!?"
                    else text
                )
                pieces.append(" ")
                origins.append(origins[-1])
            pieces.append(text.text)
            origins += text.origins
        if seconds:
            pauses.append(Pause(len(origins), seconds))
    return SpokenText("".join(pieces), tuple(origins), tuple(pauses) if origins else ())


def _with_pauses(phrases: Iterable[Phrase]) -> Iterator[tuple[TrackedText | None, float]]:
    """Yield phrases with words, each with the silence that follows it; first that before all.

    The end of a line is no pause before the first word and after the last one.
    """
    current: TrackedText | None = None
    seconds = 0.0
    for phrase in phrases:
        text = without_speaker(phrase.text).strip() if current is None else phrase.text
        if _has_words(text.text):
            yield current, seconds if current is not None else _as_break(seconds)
            current, seconds = text, phrase.pause_seconds
        else:
            seconds = max(seconds, phrase.pause_seconds)
    yield current, _as_break(seconds)


def _as_break(seconds: float) -> float:
    return seconds if seconds > LINE_SECONDS else 0.0


def _has_words(text: str) -> bool:
    return any(map(str.isalnum, text))
